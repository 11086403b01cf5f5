import type { Retention, RetentionVerdict } from '../backups/retention/retention.ts'

/** Schedules and protection as pages show them. Plain data; instants in epoch ms. */

/** When runs are due. Days are those of ISO 8601: 1 = Monday … 7 = Sunday. An interval counts from the epoch, so it knows no clock change. */
export type When = { kind: 'times'; times: string[]; days: number[] } | { kind: 'interval'; minutes: number }

export interface Schedule {
  id: string
  host: string
  /** null = every VM of the host that has no schedule of its own and is not left out of protection. */
  vmUuid: string | null
  /** As it was called when the schedule was saved; null for a host's. */
  vmName: string | null
  targetId: string
  method: 'incremental' | 'copy'
  quiesce: 'auto' | 'required' | 'off'
  bandwidthBytesPerSecond: number
  fullEveryDays: number
  when: When
  timeZone: string
  /** Each run begins up to so many minutes later, by a number of its own that is the same each time it is asked for. */
  jitterMinutes: number
  retention: Retention
  /** Good backups are checked again after so many days. */
  recheckDays: number
  enabled: boolean
  createdAtMs: number
  createdBy: string
}

/**
 * waiting: due, and not begun yet: its VM or its host is busy, or away; started: its job is not finished; failed: it was refused or its job
 * failed; skipped: the run before it was not finished, or its schedule was turned off or removed or its VM left out before it began; missed: Keyframe did not run then, and a later run made up for it.
 */
export type RunOutcome = 'waiting' | 'started' | 'done' | 'failed' | 'skipped' | 'missed'

/** One run of a schedule for one VM. */
export interface ScheduleRun {
  id: string
  scheduleId: string
  host: string
  vmUuid: string
  vmName: string
  dueAtMs: number
  startedAtMs: number | null
  jobId: string | null
  outcome: RunOutcome
  /** Why, one sentence; null where there is nothing to say. */
  note: string | null
}

export interface SchedulePreview {
  /** "every day at 02:30 Europe/Berlin". */
  words: string
  nextRuns: { atMs: number }[]
  /** Of one VM: in words, the other schedules of its own that go on beside this one. */
  beside: string[]
  /** Of one VM that is left out of protection, which this ends: the reason that was given, perhaps empty; else null. */
  endsLeftOut: string | null
  /** What the retention would keep and drop now, of each VM that has backups in the target; newest first. */
  retention: { vmUuid: string; vmName: string; verdicts: RetentionVerdict[] }[]
}

/** protected: green; at-risk: there is a good backup, but not all is well; unprotected: there is none. */
export type ProtectionState = 'protected' | 'at-risk' | 'unprotected'

/** What mends it. `backup`: `backUpAsScheduled` where there is a schedule, else the form of a backup. */
export type Mend =
  | { act: 'schedule'; host: string; vmUuid: string; scheduleId: string | null }
  | { act: 'backup' | 'retry'; host: string; vmUuid: string; scheduleId: string | null }
  | { act: 'check'; targetId: string; backupId: string }
  | { act: 'target'; host: string; targetId: string }

export type ReasonKind =
  | 'no-schedule'
  | 'schedule-off'
  | 'no-backup'
  | 'failed'
  | 'damaged'
  | 'broken-chain'
  | 'unchecked'
  | 'target'
  | 'stale'
  | 'disk'

export interface ProtectionReason {
  kind: ReasonKind
  /** One plain sentence. */
  sentence: string
  mend: Mend | null
}

export interface GoodBackup {
  backupId: string
  targetId: string
  targetName: string
  atMs: number
  kind: 'full' | 'increment'
  checkedAtMs: number | null
}

export interface Protection {
  host: string
  vmUuid: string
  vmName: string
  state: ProtectionState
  /** The answer: the first reason, or that all is well. */
  sentence: string
  /** Most important first; empty when it is protected. */
  reasons: ProtectionReason[]
  /** Of the first reason. */
  mend: Mend | null
  /** The newest backup that, with all below it, passed its check. */
  lastGood: GoodBackup | null
  nextRunMs: number | null
  /** What covers it, disabled ones too. */
  scheduleIds: string[]
}

export interface ProtectionChange {
  /** null: it was not known before. */
  before: ProtectionState | null
  now: Protection
}
