import type { ActionResult } from '@/lib/access/action'
import type { VmActs } from '@/components/vm/vm-acts'

/** The server actions of the check pages, handed down by the page: components import nothing from app. */
export interface RepairActs {
  repair: (input: unknown) => Promise<ActionResult<{ jobId: string }>>
  /** For the job that a repair becomes. */
  vm: VmActs
}
