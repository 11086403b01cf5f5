import { type DiskSpec } from './domain-xml.ts'

/** What fills a new disk. */
export type DiskContent = 'records' | 'blank'

export type GuestDisk = DiskSpec & {
  /** `records` by default: a file system with the ring of records, as every Linux guest's disks hold. */
  content?: DiskContent
  virtualBytes?: number
}

export type GuestOptions = {
  name: string
  uuid?: string
  /** Default: one qcow2 disk. A disk with a `path` is taken as it is, any other is made in the images folder. */
  disks?: GuestDisk[]
  /** `dead`: the channel is there and nobody answers. `none`: no channel. */
  agent?: 'running' | 'dead' | 'none'
  /** `writer`: no system, a boot sector that fills its first disk as fast as it can. `sleeper`: one that goes to sleep (S3) when a key is pressed. `none`: nothing boots. */
  system?: 'linux' | 'writer' | 'sleeper' | 'none'
  memoryMiB?: number
  /** The agent takes so long before it freezes. */
  freezeDelayS?: number
  /** The agent's hook fails at the freeze, or at the thaw. */
  failingHook?: 'freeze' | 'thaw'
  /** Commands that the agent refuses, e.g. guest-get-fsinfo, which FreeBSD's has not. */
  agentBlocks?: string[]
  /** Pause between two records. */
  paceMs?: number
}

export type Guest = {
  name: string
  disks: { target: string; path: string; format: 'raw' | 'qcow2' }[]
  consoleLog: string
  agent: 'running' | 'dead' | 'none'
}

/** The two guests of the demo. */
export const WEB: GuestOptions = { name: 'web', disks: [{ format: 'raw' }, { format: 'qcow2' }] }
export const DB: GuestOptions = { name: 'db', disks: [{ format: 'qcow2' }] }
