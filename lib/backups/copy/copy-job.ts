import type { SagaContext } from '../../jobs/saga.ts'
import type { BackupJobBase, ChosenDisk } from '../types.ts'

export interface CopyDisk extends ChosenDisk {
  /** Beside the disk's image; of a VM that is off none is made. */
  overlayPath: string
}

export interface CopyJob extends BackupJobBase {
  disks: CopyDisk[]
  /** 0 = no limit. */
  bandwidthBytesPerSecond: number
  /** Why it is a copy where an increment was asked for; null when a copy was. */
  reason: string | null
}

export type CopyContext = SagaContext<CopyJob>
