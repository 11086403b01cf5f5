import type { ActionResult } from '@/lib/access/action'

type Started = ActionResult<{ jobId: string }>
type Done = ActionResult<object>

/** The server actions of a VM's pages, handed down by the page: components import nothing from app. */
export interface VmActs {
  takeSnapshot: (input: unknown) => Promise<Started>
  merge: (input: unknown) => Promise<Started>
  revert: (input: unknown) => Promise<Started>
  remove: (input: unknown) => Promise<Started>
  power: (input: unknown) => Promise<Started>
  chooseWayOut: (input: unknown) => Promise<Started>
  cancelJob: (input: unknown) => Promise<Done>
  setBandwidth: (input: unknown) => Promise<Done>
  cancelBlockJob: (input: unknown) => Promise<Done>
  pivotBlockJob: (input: unknown) => Promise<Done>
}
