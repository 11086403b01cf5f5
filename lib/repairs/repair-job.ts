import type { RepairPlan } from './found.ts'

export interface RepairJob {
  host: string
  /** null: the file belongs to no VM. */
  vm: string | null
  repair: string
  fingerprint: string
  plan: Exclude<RepairPlan, { act: 'delete-snapshot' }>
}
