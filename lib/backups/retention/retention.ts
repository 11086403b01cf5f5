import { byId, walkDown } from '../catalogue/chain-of.ts'

/** How many to keep; 0 = none by that rule. */
export interface Retention {
  last: number
  daily: number
  weekly: number
  monthly: number
}

/** What the rules need of a backup; all of one VM in one target. */
export interface Kept {
  id: string
  parentId: string | null
  createdAtMs: number
  check: 'unchecked' | 'good' | 'damaged'
}

export interface RetentionVerdict {
  id: string
  keep: boolean
  /** Why it stays or goes, one sentence. */
  reason: string
}

const DAY_MS = 24 * 60 * 60_000

/** The day in a time zone, e.g. "2026-11-24". */
function dayOf(atMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(atMs)
}

/** The ISO 8601 week of a day: that of its Thursday. */
function weekOf(day: string): string {
  const at = new Date(`${day}T00:00:00Z`)
  const thursday = new Date(at.getTime() + (4 - (at.getUTCDay() || 7)) * DAY_MS)
  const week = Math.floor((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / (7 * DAY_MS)) + 1
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`
}

/**
 * Which backups stay, newest first. A rule keeps the newest backup of each of its last days, weeks or months that have one. Whole chains expire:
 * what a kept increment rests on stays with it. Never goes: one in use, and the last one that is known to be good, or where none is
 * checked the newest. A damaged one counts for no rule, and goes as soon as nothing rests on it. Pure.
 */
export function applyRetention(
  backups: readonly Kept[],
  retention: Retention,
  inUse: ReadonlySet<string>,
  timeZone: string,
): RetentionVerdict[] {
  const newestFirst = [...backups].sort((a, b) => b.createdAtMs - a.createdAtMs || b.id.localeCompare(a.id))
  const find = byId(backups)
  const below = (backup: Kept): Kept[] => walkDown(backup, find).links.slice(1)
  const isWhole = (backup: Kept) => [backup, ...below(backup)].every((each) => each.check !== 'damaged')
  const reasons = new Map<string, string>()
  const keep = (backup: Kept | undefined, reason: string) => {
    if (backup && !reasons.has(backup.id)) reasons.set(backup.id, reason)
  }

  const sound = newestFirst.filter(isWhole)
  keepOneEach(
    sound,
    retention.last,
    (backup) => backup.id,
    (backup) => keep(backup, `It is one of the last ${retention.last}.`),
  )
  keepOneEach(
    sound,
    retention.daily,
    (backup) => dayOf(backup.createdAtMs, timeZone),
    (backup, day) => keep(backup, `It is the newest of ${day}.`),
  )
  keepOneEach(
    sound,
    retention.weekly,
    (backup) => weekOf(dayOf(backup.createdAtMs, timeZone)),
    (backup, week) => keep(backup, `It is the newest of the week ${week}.`),
  )
  keepOneEach(
    sound,
    retention.monthly,
    (backup) => dayOf(backup.createdAtMs, timeZone).slice(0, 7),
    (backup, month) => keep(backup, `It is the newest of ${month}.`),
  )
  keep(
    sound.find((backup) => [backup, ...below(backup)].every((each) => each.check === 'good')),
    'It is the last one that is known to be good.',
  )
  keep(sound[0] ?? newestFirst[0], 'It is the last one.')
  for (const backup of newestFirst) if (inUse.has(backup.id)) keep(backup, 'It is in use.')
  for (const backup of newestFirst)
    if (reasons.has(backup.id))
      for (const parent of below(backup)) keep(parent, `${backup.id}, which stays, rests on it.`)
  return newestFirst.map((backup) => ({
    id: backup.id,
    keep: reasons.has(backup.id),
    reason:
      reasons.get(backup.id) ??
      (backup.check === 'damaged'
        ? 'It is damaged, and nothing that stays rests on it.'
        : 'No rule keeps it.'),
  }))
}

/** Of the first `count` periods that have one, the newest backup. */
function keepOneEach(
  newestFirst: readonly Kept[],
  count: number,
  periodOf: (backup: Kept) => string,
  keep: (backup: Kept, period: string) => void,
): void {
  const periods = new Set<string>()
  for (const backup of newestFirst) {
    const period = periodOf(backup)
    if (periods.has(period)) continue
    if (periods.size >= count) return
    periods.add(period)
    keep(backup, period)
  }
}
