import type { QuiesceMode } from '../snapshots/types.ts'

/** One layer of a disk as it is opened, active layer first. */
export interface SourceLayer {
  path: string
  format: string
  sourceType: 'file' | 'block'
}

export interface ChosenDisk {
  target: string
  virtualBytes: number
  /** Bytes held by all layers together: what a full holds at most. */
  allocatedBytes: number
  layers: SourceLayer[]
}

export interface LeftOutDisk {
  target: string
  reason: string
}

/** What both ways of a backup have in common; part of the job's input. */
export interface BackupJobBase {
  host: string
  vm: string
  vmName: string
  targetId: string
  /** Name of the backup's directory. */
  backupId: string
  disks: ChosenDisk[]
  leftOut: LeftOutDisk[]
  quiesce: QuiesceMode
  /** Its directory carries a mark from the beginning; absent in jobs of an older Keyframe. */
  marksDirectory?: boolean
}
