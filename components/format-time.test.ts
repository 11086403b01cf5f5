import { expect, test } from 'vitest'
import { formatDuration, formatInstant } from './format-time.ts'

test('instants are all as wide as one another', () => {
  expect(formatInstant(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe('2026-01-02 03:04')
  expect(formatInstant(new Date(2026, 10, 24, 19, 24).getTime())).toBe('2026-11-24 19:24')
})

test('durations have two units', () => {
  expect([-1, 0, 0.4, 59, 60, 61, 3599, 3600, 7500, 86_399, 90_000].map(formatDuration)).toEqual([
    '0 s',
    '0 s',
    '0 s',
    '59 s',
    '1 min 00 s',
    '1 min 01 s',
    '59 min 59 s',
    '1 h 00 min',
    '2 h 05 min',
    '23 h 59 min',
    '1 d 01 h',
  ])
})
