import { describe, expect, it } from 'vitest'
import { COUNTED_MAXIMUM, dueBetween, jitterOf, lastDue, nextDue } from './due-runs.ts'
import type { When } from './types.ts'

const at = (iso: string) => Date.parse(iso)
const nightly = (jitterMinutes = 0) => ({
  id: 'a',
  when: { kind: 'times', times: ['02:30'], days: [1, 2, 3, 4, 5, 6, 7] } as When,
  timeZone: 'Europe/Berlin',
  jitterMinutes,
})
const often = (minutes: number, jitterMinutes = 0) => ({
  id: 'a',
  when: { kind: 'interval', minutes } as When,
  timeZone: 'UTC',
  jitterMinutes,
})

describe('jitterOf', () => {
  it('is the same each time, below its limit, and another one for other schedules and runs', () => {
    const delays = Array.from({ length: 200 }, (_, index) => jitterOf('a', index * 60_000, 10))
    expect(delays).toEqual(Array.from({ length: 200 }, (_, index) => jitterOf('a', index * 60_000, 10)))
    expect(Math.max(...delays)).toBeLessThan(600_000)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0)
    expect(new Set(delays).size).toBeGreaterThan(190)
    expect(jitterOf('b', 0, 10)).not.toBe(jitterOf('a', 0, 10))
    expect(jitterOf('a', 0, 0)).toBe(0)
  })
})

describe('due runs', () => {
  it('are the same whenever they are asked for', () => {
    const from = at('2026-11-01T00:00:00Z')
    for (const timing of [nightly(90), often(10, 9), often(1), nightly()]) {
      const all = nextDue(timing, from, 40)
      expect([...new Set(all)].sort((a, b) => a - b)).toEqual(all)
      // Asked again right before, at and after each of them.
      for (const [index, due] of all.entries()) {
        if (index === all.length - 1) break
        expect(nextDue(timing, due - 1, 1)).toEqual([due])
        expect(nextDue(timing, due, 1)).toEqual([all[index + 1]])
      }
      expect(dueBetween(timing, from, all.at(-1)!)).toEqual(all)
      expect(lastDue(timing, all.at(-1)!, 3)).toEqual(all.slice(-3).reverse())
    }
  })

  it('between two instants: after the first, up to the second', () => {
    const [one, two] = nextDue(nightly(), at('2026-11-01T00:00:00Z'), 2) as [number, number]
    expect(dueBetween(nightly(), one, two)).toEqual([two])
    expect(dueBetween(nightly(), one, two - 1)).toEqual([])
    expect(dueBetween(nightly(), two, one)).toEqual([])
  })

  it('after a long time are counted up to a limit', () => {
    const now = at('2026-11-01T00:00:00Z')
    expect(dueBetween(often(1), now - 400 * 86_400_000, now)).toHaveLength(COUNTED_MAXIMUM)
    expect(dueBetween(often(1), now - 400 * 86_400_000, now).at(-1)).toBe(now)
    expect(dueBetween(nightly(), now - 400 * 86_400_000, now)).toHaveLength(62)
  })

  it('the last ones of a schedule of one day a week', () => {
    const weekly = { ...nightly(), when: { kind: 'times', times: ['02:30'], days: [1] } as When }
    expect(lastDue(weekly, at('2026-11-27T12:00:00Z'), 2).map((due) => new Date(due).toISOString())).toEqual([
      '2026-11-23T01:30:00.000Z',
      '2026-11-16T01:30:00.000Z',
    ])
  })
})
