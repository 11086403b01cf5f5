import { diskChainOf } from '../chains/disk-chain.ts'
import { diskIn } from '../hosts/follow-headers.ts'
import type { DiskChain } from '../chains/types.ts'
import type { DomainDescription, XmlDisk } from '../hosts/domain-xml.ts'
import type { ImageReading } from '../hosts/image-files.ts'
import type { BlockJobView, VmState } from '../hosts/types.ts'
import type { Pace } from '../jobs/pace.ts'
import type { FoundUse } from '../storage/file-users.ts'
import type { Overlay } from '../storage/overlays-of-nobody.ts'
import type { LayerFacts } from './judge-snapshots.ts'
import type { Folders } from './read-folders.ts'

/**
 * Everything that a plan of a merge, a delete or a revert rests on, read at one time: plain data that can be saved and planned on
 * again. Bytes and epoch ms.
 */
export interface Situation extends LayerFacts {
  version: 2
  host: { name: string; libvirtVersion: string }
  vm: {
    uuid: string
    name: string
    state: VmState
    running: boolean
    persistent: boolean
    hasManagedSave: boolean
    /** Now, with each disk's open layers where it runs. */
    description: DomainDescription
    /** What its next start will use. */
    next: DomainDescription
  }
  current: string | null
  jobs: BlockJobView[]
  /** By path: every layer of the VM's disks and of its restore points, and whatever else its snapshots' definitions name. */
  files: Record<string, ImageReading>
  /** Of the folders of those files. null where libvirt can't tell. */
  folders: Folders
  /** What needs each of those files. */
  uses: Record<string, FoundUse[]>
  /** Images that stand on one of those files and that no VM and no snapshot has. */
  overlays: Overlay[]
  /** What could not be looked at. */
  gaps: string[]
  /** What may lie below files that are not there: it may need any template. */
  doubts: string[]
  /** Hosts of which only what was last known is taken into account. */
  unheard: string[]
  /** The VM's own files: those that it is known to have written to. Any other in its chains is a template. */
  own: string[]
  /** What a copy of each frozen qcow2 layer may need: more than it holds where it is compressed. */
  copyBytes: Record<string, number>
  /** How fast such jobs went on the host. */
  paces: { merges: Pace; reverts: Pace }
}

export const diskNow = ({ vm }: Situation, target: string): XmlDisk | undefined =>
  vm.description.disks.find((disk) => disk.target === target)

/** The file below one by its header; null for a base and for what could not be read. */
export function headerBelow({ files }: Situation, path: string): string | null {
  const reading = files[path]
  return reading?.kind === 'found' ? (reading.backing?.path ?? null) : null
}

/** The image of no VM that stands on a file; null when there is none. One above what a running VM writes to is spoilt already. */
export function overlayOn({ vm, overlays }: Situation, path: string): string | null {
  const written = vm.running ? vm.description.disks.map((disk) => disk.path) : []
  const found = overlays.find(({ below }) => below.includes(path) && !written.includes(below[0]!))
  return found?.path ?? null
}

/** What a copy of what a file holds may need; 0 for one that could not be read. */
export function copyBytesOf({ files, copyBytes }: Situation, path: string): number {
  const reading = files[path]
  return copyBytes[path] ?? (reading?.kind === 'found' ? reading.allocatedBytes : 0)
}

/** A disk's chain now. */
export const chainNow = (situation: Situation, disk: XmlDisk): DiskChain =>
  diskChainOf(
    {
      host: situation.host.name,
      vm: situation.vm,
      snapshots: situation.snapshots,
      jobs: situation.jobs,
      usesOf: (path) => situation.uses[path] ?? [],
    },
    disk,
    diskIn(situation.files, disk),
  )
