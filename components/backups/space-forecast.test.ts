import { expect, it } from 'vitest'
import { spaceForecast } from './space-forecast.ts'

const DAY_MS = 24 * 60 * 60_000
const GIB = 1024 ** 3
const NOW = 100 * DAY_MS
const daily = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ createdAtMs: NOW - (index + 1) * DAY_MS, bytes: GIB }))

it('tells the pace of the last two weeks and how long the space lasts', () => {
  expect(spaceForecast(20 * GIB, daily(4), NOW)).toBe(
    'At 1 GiB a day, room for 20 more days, if nothing expires.',
  )
  expect(spaceForecast(1.5 * GIB, daily(4), NOW)).toContain('room for 1 more day,')
  expect(spaceForecast(9_999 * GIB, daily(4), NOW)).toContain('over a year')
})

it('takes the backups of one evening for one day, and older ones for nothing', () => {
  const evening = [
    { createdAtMs: NOW - 60_000, bytes: GIB },
    { createdAtMs: NOW - 30_000, bytes: GIB },
  ]
  expect(
    spaceForecast(20 * GIB, [...evening, { createdAtMs: NOW - 30 * DAY_MS, bytes: 500 * GIB }], NOW),
  ).toContain('At 2 GiB a day, room for 10 more days')
})

it('says nothing without a pace or without knowing the space', () => {
  expect(spaceForecast(20 * GIB, daily(1), NOW)).toBe('')
  expect(spaceForecast(null, daily(4), NOW)).toBe('')
})
