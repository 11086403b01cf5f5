import { chainOf } from '../backups/catalogue/chain-of.ts'
import { formatAge, formatMoment } from './format-moment.ts'
import { lastDue, nextDue } from './due-runs.ts'
import type { GoodBackup, Protection, ProtectionReason, Schedule, ScheduleRun } from './types.ts'
import { describeWhen } from './when.ts'

/** Between the instant at which a run is due and its backup's own lie a queue and two clocks. */
const SLACK_MS = 5 * 60_000

/** A backup as the catalogue knows it, without its manifest. */
export interface JudgedBackup {
  id: string
  targetId: string
  kind: 'full' | 'increment'
  parentId: string | null
  createdAtMs: number
  check: 'unchecked' | 'good' | 'damaged'
  checkedAtMs: number | null
  checkNote: string | null
}

export interface ProtectionFacts {
  host: string
  vmUuid: string
  vmName: string
  /** Disks that a backup can hold, as they are now; null when that is not known, the host being away. */
  disks: readonly string[] | null
  /** What covers it, disabled ones too. */
  schedules: readonly Schedule[]
  /** Of each schedule the newest run that ended. */
  lastRuns: readonly ScheduleRun[]
  /** All of the VM, in every target. */
  backups: readonly JudgedBackup[]
  /** Disks in the newest good backup. */
  disksIn(backup: { id: string; targetId: string }): readonly string[]
  targets: ReadonlyMap<string, { name: string; problem: string | null }>
  nowMs: number
}

/** The newest backup that is good with all below it. Pure. */
export function newestGood(backups: readonly JudgedBackup[]): JudgedBackup | null {
  return (
    [...backups]
      .sort((a, b) => b.createdAtMs - a.createdAtMs)
      .find((backup) => chainOf(backups, backup)?.every((each) => each.check === 'good')) ?? null
  )
}

/**
 * Is a VM protected? Green only when all of this holds:
 * - an enabled schedule covers it,
 * - the newest backup that is good with its whole chain is recent: not older than the last run but one of each enabled schedule, less 5
 *   minutes. So the run that is due now has until the next one to copy and to be checked;
 * - no run failed since that backup, and no newer backup is damaged or rests on what is gone,
 * - it holds every disk that the VM has now,
 * - its target, and those of the schedules, were there at the last look.
 * Else the reasons, the one to mend first before the others. Pure.
 */
export function judgeProtection(facts: ProtectionFacts): Protection {
  const { host, vmUuid, vmName, schedules, backups, nowMs } = facts
  const enabled = schedules.filter((schedule) => schedule.enabled)
  const scheduleId = (enabled[0] ?? schedules[0])?.id ?? null
  const zone = (enabled[0] ?? schedules[0])?.timeZone ?? 'UTC'
  const good = newestGood(backups)
  const newest = [...backups].sort((a, b) => b.createdAtMs - a.createdAtMs)[0] ?? null
  const backUp = { act: 'backup', host, vmUuid, scheduleId } as const
  const setUp = { act: 'schedule', host, vmUuid, scheduleId } as const
  const reasons: ProtectionReason[] = []

  const usedTargets = new Set([
    ...enabled.map((schedule) => schedule.targetId),
    ...(good ? [good.targetId] : []),
  ])
  for (const targetId of usedTargets) {
    const problem = facts.targets.get(targetId)?.problem
    if (problem) reasons.push({ kind: 'target', sentence: problem, mend: { act: 'target', host, targetId } })
  }
  const failed = facts.lastRuns
    .filter(
      (run) =>
        run.outcome === 'failed' &&
        enabled.some((schedule) => schedule.id === run.scheduleId) &&
        (good === null || good.createdAtMs < run.dueAtMs),
    )
    .sort((a, b) => b.dueAtMs - a.dueAtMs)[0]
  if (failed)
    reasons.push({
      kind: 'failed',
      sentence: `The last backup failed at ${formatMoment(failed.dueAtMs, nowMs, zone)}: ${failed.note ?? 'nothing is known of why'}`,
      mend: { act: 'retry', host, vmUuid, scheduleId: failed.scheduleId },
    })

  if (backups.length === 0)
    reasons.push({
      kind: 'no-backup',
      sentence:
        enabled.length > 0
          ? 'No backup was ever made.'
          : 'No backup was ever made, and no schedule makes one.',
      mend: enabled.length > 0 ? backUp : setUp,
    })
  if (newest && newest !== good) {
    const chain = chainOf(backups, newest)
    const damaged = chain?.find((backup) => backup.check === 'damaged')
    const unchecked = chain?.find((backup) => backup.check === 'unchecked')
    if (damaged)
      reasons.push({
        kind: 'damaged',
        sentence:
          `The newest backup is damaged${damaged === newest ? '' : `, for it rests on ${damaged.id}`}. ${damaged.checkNote ?? ''}`.trim(),
        mend: backUp,
      })
    else if (chain === null)
      reasons.push({
        kind: 'broken-chain',
        sentence: `The newest backup, ${newest.id}, rests on one that is not there any more.`,
        mend: backUp,
      })
    // While it waits for its check, the one before it answers.
    else if (unchecked && (good === null || !isRecent(good, enabled, nowMs)))
      reasons.push({
        kind: 'unchecked',
        sentence:
          unchecked === newest
            ? 'The newest backup is not checked yet.'
            : `The newest backup rests on ${unchecked.id}, which is not checked yet.`,
        mend: { act: 'check', targetId: unchecked.targetId, backupId: unchecked.id },
      })
  }
  if (good) {
    const age = formatAge(nowMs - good.createdAtMs)
    if (!isRecent(good, enabled, nowMs))
      reasons.push({
        kind: 'stale',
        sentence: `The last good backup is ${age} old; runs are due ${enabled.map((schedule) => describeWhen(schedule.when, schedule.timeZone)).join(', and ')}.`,
        mend: backUp,
      })
    const held = facts.disksIn(good)
    const missing = facts.disks?.filter((disk) => !held.includes(disk)) ?? []
    if (missing.length > 0)
      reasons.push({
        kind: 'disk',
        sentence: `${missing.length === 1 ? `Disk ${missing[0]} is` : `Disks ${missing.join(', ')} are`} not in the last good backup.`,
        mend: backUp,
      })
  }
  if (enabled.length === 0 && backups.length > 0)
    reasons.push(
      schedules.length > 0
        ? {
            kind: 'schedule-off',
            sentence: 'Its schedule is turned off: no more backups are made.',
            mend: setUp,
          }
        : { kind: 'no-schedule', sentence: 'No schedule makes more backups.', mend: setUp },
    )

  const next = enabled.flatMap((schedule) => nextDue(schedule, nowMs, 1))
  const lastGood: GoodBackup | null = good && {
    backupId: good.id,
    targetId: good.targetId,
    targetName: facts.targets.get(good.targetId)?.name ?? good.targetId,
    atMs: good.createdAtMs,
    kind: good.kind,
    checkedAtMs: good.checkedAtMs,
  }
  return {
    host,
    vmUuid,
    vmName,
    reasons,
    lastGood,
    scheduleIds: schedules.map((schedule) => schedule.id),
    nextRunMs: next.length === 0 ? null : Math.min(...next),
    state: stateOf(good, reasons),
    sentence:
      reasons[0]?.sentence ??
      (good ? `The backup of ${formatMoment(good.createdAtMs, nowMs, zone)} passed its check.` : ''),
    mend: reasons[0]?.mend ?? null,
  }
}

function stateOf(good: JudgedBackup | null, reasons: readonly ProtectionReason[]): Protection['state'] {
  if (good === null) return 'unprotected'
  return reasons.length > 0 ? 'at-risk' : 'protected'
}

/** Not older than the last run but one of each schedule. */
function isRecent(good: JudgedBackup, enabled: readonly Schedule[], nowMs: number): boolean {
  return enabled.every((schedule) => good.createdAtMs >= (lastDue(schedule, nowMs, 2)[1] ?? 0) - SLACK_MS)
}
