import { createHash } from 'node:crypto'
import type { Schedule } from './types.ts'
import { nextRuns } from './when.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** How far back runs are counted: who comes back after a longer time is caught up all the same. */
const LOOK_BACK_MS = 62 * DAY_MS
/** More missed runs are not counted one by one. */
export const COUNTED_MAXIMUM = 1_000

type Timing = Pick<Schedule, 'id' | 'when' | 'timeZone' | 'jitterMinutes'>

/** How much later than planned a run begins, ms; below `jitterMinutes`. The same for the same schedule and run, so that a preview is what happens. */
export function jitterOf(scheduleId: string, plannedMs: number, jitterMinutes: number): number {
  if (jitterMinutes === 0) return 0
  return (
    createHash('sha256').update(`${scheduleId}@${plannedMs}`).digest().readUInt32BE() %
    (jitterMinutes * MINUTE_MS)
  )
}

/** The next instants after `fromMs` at which runs begin, jitter included. Pure. */
export function nextDue(timing: Timing, fromMs: number, count: number): number[] {
  return nextRuns(
    timing.when,
    timing.timeZone,
    fromMs - timing.jitterMinutes * MINUTE_MS,
    count + before(timing),
  )
    .map((planned) => planned + jitterOf(timing.id, planned, timing.jitterMinutes))
    .filter((due) => due > fromMs)
    .sort((a, b) => a - b)
    .slice(0, count)
}

/** Runs that may be planned before an instant and begin after it: jitter is shorter than the time between two. */
const before = (timing: Timing) => (timing.jitterMinutes === 0 ? 0 : 2)

/** Runs that were due after `afterMs` and not after `untilMs`, oldest first: the last of them, up to COUNTED_MAXIMUM. Pure. */
export function dueBetween(timing: Timing, afterMs: number, untilMs: number): number[] {
  const everyMs = timing.when.kind === 'interval' ? timing.when.minutes * MINUTE_MS : null
  let fromMs = Math.max(afterMs, untilMs - (everyMs === null ? LOOK_BACK_MS : everyMs * COUNTED_MAXIMUM))
  const due: number[] = []
  while (fromMs < untilMs) {
    const some = nextDue(timing, fromMs, 50)
    due.push(...some.filter((each) => each <= untilMs))
    if (some.length === 0) break
    fromMs = some.at(-1)!
  }
  return due.slice(-COUNTED_MAXIMUM)
}

/** The last `count` runs that were due at `nowMs`, newest first. Pure. */
export function lastDue(timing: Timing, nowMs: number, count: number): number[] {
  // A week holds each day, and a clock change moves a run by an hour at most.
  const windowMs =
    timing.when.kind === 'interval' ? (count + 1) * timing.when.minutes * MINUTE_MS : (count * 7 + 1) * DAY_MS
  return dueBetween(timing, nowMs - windowMs - timing.jitterMinutes * MINUTE_MS, nowMs)
    .reverse()
    .slice(0, count)
}
