import type { ActionResult } from '@/lib/access/action'
import type { Rebuilt } from '@/lib/backups/catalogue/rebuild-catalogue'
import type { VmActs } from '@/components/vm/vm-acts'

type Started = ActionResult<{ jobId: string }>

/** The server actions of the backup pages, handed down by the page: components import nothing from app. */
export interface BackupActs {
  backUp: (input: unknown) => Promise<Started>
  backUpAsScheduled: (input: unknown) => Promise<Started>
  check: (input: unknown) => Promise<Started>
  restore: (input: unknown) => Promise<Started>
  restoreInPlace: (input: unknown) => Promise<Started>
  endRestore: (input: unknown) => Promise<Started>
  removeBackups: (input: unknown) => Promise<Started>
  addTarget: (input: unknown) => Promise<ActionResult<object>>
  removeTarget: (input: unknown) => Promise<ActionResult<object>>
  rescanTarget: (input: unknown) => Promise<ActionResult<Rebuilt>>
  adoptBackups: (input: unknown) => Promise<ActionResult<object>>
  saveSchedule: (input: unknown) => Promise<ActionResult<object>>
  removeSchedule: (input: unknown) => Promise<ActionResult<object>>
  leaveOut: (input: unknown) => Promise<ActionResult<object>>
  protectAgain: (input: unknown) => Promise<ActionResult<object>>
  /** For the jobs that these become. */
  vm: VmActs
}
