/** What pages know of hosts and VMs. Plain data: it crosses to client components as it is. All sizes in bytes, all instants in epoch ms. */

export type VmState =
  'no state' | 'running' | 'blocked' | 'paused' | 'shutting down' | 'shut off' | 'crashed' | 'pmsuspended'

/** Why a VM stands first in the list. */
export type AttentionKind =
  | 'disk-full'
  | 'io-error'
  | 'frozen'
  | 'broken-chain'
  | 'job-waiting'
  | 'delete-unfinished'
  | 'hung'
  | 'deep-chain'
  | 'next-start-differs'
export interface Attention {
  kind: AttentionKind
  /** One sentence for the administrator, ready to show. */
  sentence: string
}

export type BlockJobType = 'pull' | 'copy' | 'commit' | 'active-commit' | 'backup'

/** A block job as libvirt reports it, whoever began it. */
export interface BlockJobView {
  host: string
  vmUuid: string
  vmName: string
  target: string
  type: BlockJobType
  currentBytes: number
  endBytes: number
  /** 0–100; null while QEMU has not said yet. */
  percent: number | null
  /** Limit; 0 = none. */
  bandwidthBytesPerSecond: number
  /** Measured between two polls; null until there are two. */
  bytesPerSecond: number | null
  secondsLeft: number | null
  /** True when the mirror is in step and only the pivot (or an abort) is missing. */
  ready: boolean
  /** The Keyframe job that began it, if any. */
  jobId: string | null
  firstSeenMs: number
}

export interface DiskSummary {
  target: string
  device: 'disk' | 'cdrom' | 'floppy' | 'lun'
  /** null: an empty drive, or a source that is not a file. */
  path: string | null
  format: string | null
  /** null where libvirt can't tell (a VM that is off, the test driver, a hung QEMU). */
  chainDepth: number | null
  virtualBytes: number | null
  /** Of all layers together. */
  allocatedBytes: number | null
}

export interface VmSummary {
  host: string
  uuid: string
  name: string
  state: VmState
  /** libvirt's reason, e.g. "I/O error", "crashed"; null for the ordinary ones. */
  stateReason: string | null
  persistent: boolean
  disks: DiskSummary[]
  snapshotCount: number | null
  jobs: BlockJobView[]
  attention: Attention[]
}

export interface HostView {
  name: string
  /** Without password or other secret parts. */
  uri: string
  status: 'up' | 'connecting' | 'down'
  /** Why it is down and what to do, one sentence. */
  reason: string | null
  sinceMs: number
  libvirtVersion: string | null
  hypervisorVersion: string | null
  /** Missing features of an old host, a sentence each. */
  warnings: string[]
  /** Last known ones when the host is down. */
  vms: VmSummary[]
}
