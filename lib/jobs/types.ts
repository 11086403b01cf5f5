/** Keyframe's own jobs (durable runs) as pages show them. Plain data; instants in epoch ms. */

export type JobKind =
  | 'snapshot'
  | 'merge'
  | 'revert'
  | 'delete'
  | 'start'
  | 'shutdown'
  | 'resume'
  | 'thaw'
  | 'repair'
  | 'backup'
  | 'backup-copy'
  | 'backup-check'
  | 'backup-remove'
  | 'restore'
  | 'restore-in-place'
  | 'restore-end'
/** waiting: it stopped at a point where a person must choose a way out, and holds its locks meanwhile. */
export type JobStatus = 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled'

/** What a person can choose: on a job that waits, that failed, or (the last two) on one that runs. */
export type JobAct = 'retry' | 'resume' | 'undo' | 'pause' | 'unlimit'
export interface JobOffer {
  act: JobAct
  /** What it does and costs, one sentence. */
  sentence: string
}

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
  /** Where it is done, but not as its plan said: what differs, a sentence each. */
  differences: string[]
  /** What went wrong and what to do, ready to show (role=alert). */
  error: string | null
  /** False, too, once that was asked for. */
  canCancel: boolean
  /** Ways out that are legal now. */
  offers: JobOffer[]
  /** The backup that it makes, checks or restores, in its target; null: none, or several. */
  backupId: string | null
  /** Of a copy whose limit can be changed while it runs, 0 = none; null: it has no limit of its own now. */
  limitBytesPerSecond: number | null
}

/** One step as it was done, or is being done. */
export interface JobStep {
  id: number
  /** Counts the runs of the job: first, retries, undo. */
  run: number
  mode: 'do' | 'undo'
  name: string
  /** found: libvirt said that it was done already. */
  status: 'running' | 'done' | 'found' | 'failed'
  begunAtMs: number
  endedAtMs: number | null
  /** What came back, JSON, or the error's message. */
  outcome: string | null
  calls: JobCall[]
}

/** A call to libvirt, as it was made. */
export interface JobCall {
  procedure: string
  /** The same as a command line, to copy; "" on a share link without paths. */
  virsh: string
  xml: string | null
  begunAtMs: number
  endedAtMs: number | null
  outcome: string | null
}
