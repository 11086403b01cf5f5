import type * as check from '@/app/hosts/[host]/check/actions'
import type { VmActs } from '@/components/vm/vm-acts'

/** The server actions of the check pages, handed down by the page. */
export type RepairActs = typeof check & {
  /** For the job that a repair becomes. */
  vm: VmActs
}
