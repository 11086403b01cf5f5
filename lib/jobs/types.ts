/** Keyframe's own jobs (durable runs) as pages show them. Plain data; instants in epoch ms. */

export type JobKind = 'snapshot' | 'merge' | 'revert' | 'delete' | 'start' | 'shutdown' | 'resume' | 'thaw' | 'repair'
export type JobStatus = 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled'

export interface JobView {
  id: string
  kind: JobKind
  host: string
  vmUuid: string
  vmName: string
  /** What it does, e.g. "Merge vda: s2.qcow2 into base.raw". */
  title: string
  status: JobStatus
  by: string
  createdAtMs: number
  endedAtMs: number | null
  /** 0–100 over all its disks; null when it can't be told. */
  percent: number | null
  /** What it is doing now, or what it needs, one sentence. */
  note: string | null
  /** Lines of the outcome, ready to show (role=status). */
  result: string[]
  /** What went wrong and what to do, ready to show (role=alert). */
  error: string | null
  canCancel: boolean
}
