/** A disk's backing chain as pages show it. Plain data; sizes in bytes. */
import type { BlockJobView } from '../hosts/types.ts'

/** Something else that needs a file of this chain. */
export interface FileUser {
  host: string
  vmUuid: string
  vmName: string
  running: boolean
  /** “vda”, “vda at its next start”, “snapshot s1”. */
  need: string
}

export type LayerProblemKind =
  | 'missing'
  | 'unreadable'
  | 'loop'
  | 'format-not-recorded'
  | 'format-differs'
  | 'corrupt'
  | 'too-deep'
  | 'header-differs'
export interface LayerProblem {
  kind: LayerProblemKind
  /** What is wrong and what to do, ready to show. */
  sentence: string
}

export interface ChainLayer {
  path: string
  /** "raw", "qcow2", …; null when nobody knows. */
  format: string | null
  virtualBytes: number | null
  allocatedBytes: number | null
  /** libvirt's node index, the N of `vda[N]`: a node id, not a depth. null when the VM is off. */
  nodeIndex: number | null
  /** Both true for a disk of one layer. */
  isActive: boolean
  isBase: boolean
  /** Names of the snapshots that froze this layer: reverting to them reads it. */
  snapshots: string[]
  /** Names of the snapshots inside it; they go when it goes. */
  internalSnapshots: string[]
  /** Mode bits let nobody write to it. */
  isReadOnly: boolean
  /** What else needs this file, of whichever host; nearest first. */
  sharedWith: FileUser[]
  problems: LayerProblem[]
}

export interface DiskChain {
  target: string
  device: 'disk' | 'cdrom' | 'floppy' | 'lun'
  bus: string | null
  readonly: boolean
  shareable: boolean
  /** Base first, active layer last. Empty for an empty drive or a source that is not a file. */
  layers: ChainLayer[]
  /** Text of `qemu-img info --backing-chain`, active layer first as qemu-img prints it. */
  qemuImgInfo: string
  /** null = can be part of a snapshot; else the reason why not. */
  snapshotRefusal: string | null
  job: BlockJobView | null
}
