import type { DomainDescription, XmlDisk } from '../hosts/domain-xml.ts'
import type { FilePermissions, ImageReading } from '../hosts/image-files.ts'
import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import type { BlockJobView, VmState } from '../hosts/types.ts'
import type { Pace } from '../jobs/pace.ts'
import type { FoundUse } from '../storage/file-users.ts'
import type { TreeModel } from './tree-model.ts'
import type { Unproven } from '../merges/unproven.ts'

/**
 * Everything that a plan of a snapshot's delete or revert rests on, read at one time: plain data that can be saved and planned on
 * again. Bytes and epoch ms.
 */
export interface Situation {
  version: 1
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
  snapshots: SnapshotMetadata[]
  current: string | null
  jobs: BlockJobView[]
  /** By path: every layer of the VM's disks and of its restore points, and whatever else its snapshots' definitions name. */
  files: Record<string, ImageReading>
  /** Of the folders of those files. null where libvirt can't tell. */
  folders: Record<string, { freeBytes: number | null; permissions: FilePermissions | null }>
  /** What needs each of those files. */
  uses: Record<string, FoundUse[]>
  /** What could not be looked at. */
  gaps: string[]
  /** Hosts of which only what was last known is taken into account. */
  unheard: string[]
  unproven: Record<string, Unproven>
  /** Layers into which a merge was begun that is not known to have ended well. */
  tainted: string[]
  /** Layers that hold what their snapshots froze, as far as their times and Keyframe's records tell. */
  sound: string[]
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

/** What deleting works on. Of a running VM what QEMU has open counts, else the headers. */
export function treeOf(situation: Situation): TreeModel {
  const { vm, snapshots, current, files } = situation
  const backing: Record<string, string | null> = Object.fromEntries(
    Object.keys(files).map((path) => [path, headerBelow(situation, path)]),
  )
  for (const disk of vm.running ? vm.description.disks : [])
    for (const [index, layer] of disk.layers.entries())
      if (layer.path !== null && disk.layers.length > 1)
        backing[layer.path] = disk.layers[index + 1]?.path ?? null
  return {
    current,
    running: vm.running,
    backing,
    unfinished: snapshots.some((each) => each.disks.some((disk) => disk.deleteInProgress))
      ? Object.keys(files)
      : situation.tainted,
    active: Object.fromEntries(vm.description.disks.map((disk) => [disk.target, disk.path])),
    snapshots: snapshots.map((snapshot) => ({
      name: snapshot.name,
      parent: snapshot.parent,
      disks: snapshot.disks.map(({ target, kind, frozenPath }) => ({ target, kind, frozen: frozenPath })),
      sources: Object.fromEntries((snapshot.definition?.disks ?? []).map((disk) => [disk.target, disk.path])),
    })),
  }
}
