import { expect, it } from 'vitest'
import { OPENINGS_PER_HOUR, OpeningPace } from './opening-pace.ts'

it('counts so many an hour from one place, and from another by itself', () => {
  const pace = new OpeningPace()
  for (let count = 0; count < OPENINGS_PER_HOUR; count++) expect(pace.take('s 198.51.100.1', 1)).toBe(true)
  expect([
    pace.take('s 198.51.100.1', 3_600_000),
    pace.take('s 203.0.113.9', 1),
    pace.take('t 198.51.100.1', 1),
  ]).toEqual([false, true, true])
  expect(pace.take('s 198.51.100.1', 3_600_001)).toBe(true)
})
