import type { SagaContext } from '../../jobs/saga.ts'
import type { BackupJobBase } from '../types.ts'

export interface PushJob extends BackupJobBase {
  forceFull: boolean
  /** A new full after so many days. */
  fullEveryDays: number
}

export type PushContext = SagaContext<PushJob>
