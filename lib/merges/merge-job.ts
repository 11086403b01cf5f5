import type { SagaContext } from '../jobs/saga.ts'
import type { PlannedMerge } from './plan-merge.ts'

export interface MergeJob {
  host: string
  vm: string
  plans: PlannedMerge[]
  bandwidthBytesPerSecond: number
}

export type MergeContext = SagaContext<MergeJob>
