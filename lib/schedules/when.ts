import { Cron } from 'croner'
import type { When } from './types.ts'

const MINUTE_MS = 60_000
const EVERY_DAY = 7
const DAY_NAMES = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/**
 * The next instants after `fromMs`, oldest first, without jitter. In a night with a clock change each time of day comes once: one that
 * the clock leaps over at the end of the leap, one that it shows twice the first time. Times that a leap brings together are one run. Pure.
 */
export function nextRuns(when: When, timeZone: string, fromMs: number, count: number): number[] {
  if (when.kind === 'interval') {
    const everyMs = when.minutes * MINUTE_MS
    const first = (Math.floor(fromMs / everyMs) + 1) * everyMs
    return Array.from({ length: count }, (_, index) => first + index * everyMs)
  }
  // A pattern for each time: in a list of minutes and hours croner would see no fixed time, and treat clock changes otherwise.
  const from = new Date(fromMs)
  const all = when.times.flatMap((time) =>
    new Cron(patternOf(time, when.days), { timezone: timeZone, paused: true })
      .nextRuns(count, from)
      .map((run) => run.getTime()),
  )
  return [...new Set(all)].sort((a, b) => a - b).slice(0, count)
}

function patternOf(time: string, days: readonly number[]): string {
  const [hour, minute] = time.split(':').map(Number)
  return `${minute} ${hour} * * ${days.join(',')}`
}

/** "every day at 02:30 Europe/Berlin", "every 3 minutes": for the middle of a sentence. */
export function describeWhen(when: When, timeZone: string): string {
  if (when.kind === 'interval') return `every ${describeInterval(when.minutes)}`
  return `every ${describeDays(when.days)} at ${listOf([...when.times].sort())} ${timeZone}`
}

function describeInterval(minutes: number): string {
  if (minutes === 1) return 'minute'
  if (minutes === 60) return 'hour'
  return minutes % 60 === 0 ? `${minutes / 60} hours` : `${minutes} minutes`
}

function describeDays(all: readonly number[]): string {
  const days = [...new Set(all)].sort((a, b) => a - b)
  if (days.length === EVERY_DAY) return 'day'
  if (days.join() === '1,2,3,4,5') return 'working day (Monday to Friday)'
  return listOf(days.map((day) => DAY_NAMES[day - 1]!))
}

const listOf = (words: readonly string[]) =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

/** True for an IANA name that this Node knows, e.g. "Europe/Berlin". */
export function isTimeZone(name: string): boolean {
  // Offsets such as "+01:00" are taken by Intl, too, but know no clock change.
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
