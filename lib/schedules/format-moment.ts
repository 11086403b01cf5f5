const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** An instant for a sentence, in a schedule's zone: "02:31" of the same day, else "2026-11-24 02:31". */
export function formatMoment(atMs: number, nowMs: number, timeZone: string): string {
  const show = (ms: number) => new Date(ms).toLocaleString('sv', { timeZone })
  const shown = show(atMs).slice(0, 16)
  return shown.slice(0, 10) === show(nowMs).slice(0, 10) ? shown.slice(11) : shown
}

/** "3 days", "1 hour", "5 minutes": the largest unit alone, rounded down. */
export function formatAge(ms: number): string {
  if (ms >= DAY_MS) return countOf('day', ms / DAY_MS)
  if (ms >= HOUR_MS) return countOf('hour', ms / HOUR_MS)
  return countOf('minute', Math.max(0, ms / MINUTE_MS))
}

function countOf(unit: string, exact: number): string {
  const count = Math.floor(exact)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
