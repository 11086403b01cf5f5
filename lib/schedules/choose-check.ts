import { coveringOf } from './read-schedules.ts'
import type { Schedule } from './types.ts'

const DAY_MS = 24 * 60 * 60_000
const RECHECK_DAYS_DEFAULT = 7

export interface Checked {
  id: string
  targetId: string
  host: string
  vmUuid: string
  createdAtMs: number
  check: 'unchecked' | 'good' | 'damaged'
  checkedAtMs: number | null
}

/** Which backup of a host is to be checked next: the newest that never was, else the good one that is overdue the longest; null when none is. Pure. */
export function chooseCheck<B extends Checked>(
  backups: readonly B[],
  schedules: readonly Schedule[],
  nowMs: number,
): B | null {
  const unchecked = backups
    .filter((backup) => backup.check === 'unchecked')
    .sort((a, b) => b.createdAtMs - a.createdAtMs)
  if (unchecked.length > 0) return unchecked[0]!
  const overdueMs = (backup: B) => {
    const covering = coveringOf(
      schedules.filter((schedule) => schedule.host === backup.host),
      backup.vmUuid,
    )
    const days =
      (covering.find((schedule) => schedule.targetId === backup.targetId) ?? covering[0])?.recheckDays ??
      RECHECK_DAYS_DEFAULT
    return nowMs - (backup.checkedAtMs ?? 0) - days * DAY_MS
  }
  return (
    backups
      .filter((backup) => backup.check === 'good' && overdueMs(backup) >= 0)
      .sort((a, b) => overdueMs(b) - overdueMs(a))[0] ?? null
  )
}
