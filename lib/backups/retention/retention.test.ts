import { describe, expect, it } from 'vitest'
import { applyRetention, type Kept, type Retention } from './retention.ts'

const NONE: Retention = { last: 0, daily: 0, weekly: 0, monthly: 0 }
const at = (iso: string) => Date.parse(iso)
const backup = (
  id: string,
  iso: string,
  parentId: string | null = null,
  check: Kept['check'] = 'unchecked',
): Kept => ({ id, parentId, createdAtMs: at(iso), check })
const kept = (backups: Kept[], retention: Partial<Retention>, inUse: string[] = [], zone = 'UTC') =>
  applyRetention(backups, { ...NONE, ...retention }, new Set(inUse), zone).flatMap((verdict) =>
    verdict.keep ? [verdict.id] : [],
  )

/** A full each day at noon, d01 to d60, from 1 November 2026 on. */
const days = Array.from({ length: 60 }, (_, index) =>
  backup(
    `d${String(index + 1).padStart(2, '0')}`,
    new Date(at('2026-11-01T12:00:00Z') + index * 86_400_000).toISOString(),
  ),
)

describe('applyRetention', () => {
  it('keeps the last, and the newest of each day, week and month that has one', () => {
    expect(kept(days, { last: 3 })).toEqual(['d60', 'd59', 'd58'])
    // 30 December 2026 is a Wednesday: weeks end on 27, 20 December.
    expect(kept(days, { weekly: 3 })).toEqual(['d60', 'd57', 'd50'])
    expect(kept(days, { monthly: 2 })).toEqual(['d60', 'd30'])
    expect(kept([...days, backup('evening', '2026-12-30T20:00:00Z')], { daily: 2 })).toEqual([
      'evening',
      'd59',
    ])
    expect(
      kept(
        days.filter((each) => each.id !== 'd59'),
        { daily: 2 },
      ),
    ).toEqual(['d60', 'd58'])
    expect(kept(days, { last: 1, daily: 2, weekly: 2, monthly: 2 })).toEqual(['d60', 'd59', 'd57', 'd30'])
  })

  it('goes by the days of the time zone', () => {
    const late = [backup('a', '2026-11-24T22:30:00Z'), backup('b', '2026-11-24T23:30:00Z')]
    expect([kept(late, { daily: 2 }, [], 'UTC'), kept(late, { daily: 2 }, [], 'Europe/Berlin')]).toEqual([
      ['b'],
      ['b', 'a'],
    ])
  })

  it('knows ISO weeks over the turn of the year', () => {
    // 31 December 2026 and 3 January 2027 lie in the week 2026-W53, 4 January in 2027-W01.
    expect(
      kept(
        [
          backup('a', '2026-12-31T12:00:00Z'),
          backup('b', '2027-01-03T12:00:00Z'),
          backup('c', '2027-01-04T12:00:00Z'),
        ],
        { weekly: 2 },
      ),
    ).toEqual(['c', 'b'])
  })

  it('never breaks a chain of increments: what a kept one rests on stays', () => {
    const chain = [
      backup('full', '2026-11-01T00:00:00Z'),
      backup('i1', '2026-11-02T00:00:00Z', 'full'),
      backup('i2', '2026-11-03T00:00:00Z', 'i1'),
      backup('full2', '2026-11-04T00:00:00Z'),
    ]
    expect(kept(chain, { last: 2 })).toEqual(['full2', 'i2', 'i1', 'full'])
    expect(kept(chain, { last: 1 })).toEqual(['full2'])
    expect(applyRetention(chain, { ...NONE, last: 2 }, new Set(), 'UTC').at(-1)).toEqual({
      id: 'full',
      keep: true,
      reason: 'i2, which stays, rests on it.',
    })
  })

  it('never removes the last good one, the last one, nor one in use', () => {
    const two = [backup('old', '2026-11-01T00:00:00Z', null, 'good'), backup('new', '2026-11-02T00:00:00Z')]
    expect(kept(two, {})).toEqual(['new', 'old'])
    expect(kept([backup('only', '2026-11-01T00:00:00Z')], {})).toEqual(['only'])
    expect(kept(days.slice(0, 3), { last: 1 }, ['d01'])).toEqual(['d03', 'd01'])
    // An increment is good only with all below it.
    const chain = [
      backup('g', '2026-10-01T00:00:00Z', null, 'good'),
      backup('full', '2026-11-01T00:00:00Z'),
      backup('i1', '2026-11-02T00:00:00Z', 'full', 'good'),
    ]
    expect(kept(chain, { last: 1 })).toEqual(['i1', 'full', 'g'])
    expect(kept([], { last: 3 })).toEqual([])
  })

  it('counts no damaged one, nor what rests on it; both go', () => {
    const chain = [
      backup('f0', '2026-10-30T00:00:00Z'),
      backup('full', '2026-11-01T00:00:00Z', null, 'damaged'),
      backup('i1', '2026-11-02T00:00:00Z', 'full', 'good'),
    ]
    expect(kept(chain, { last: 1 })).toEqual(['f0'])
    expect(kept(chain.slice(1), { last: 1 })).toEqual(['i1', 'full'])
  })

  it('whatever is dropped, every increment that stays has all below it, and the last good one stays', () => {
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % below
    }
    for (let round = 0; round < 300; round++) {
      const backups: Kept[] = []
      for (let index = 0; index < 1 + random(30); index++) {
        const before = backups.at(-1)
        backups.push(
          backup(
            `b${index}`,
            new Date(at('2026-01-01T00:00:00Z') + index * 36_000_000 * (1 + random(3))).toISOString(),
            before && random(4) > 0 ? before.id : null,
            (['unchecked', 'good', 'good', 'damaged'] as const)[random(4)],
          ),
        )
      }
      const left = new Set(
        kept(
          backups,
          { last: random(3), daily: random(4), weekly: random(3), monthly: random(3) },
          random(2) ? [backups[random(backups.length)]!.id] : [],
        ),
      )
      const chainOf = (each: Kept): Kept[] => [
        each,
        ...(each.parentId === null ? [] : chainOf(backups.find((other) => other.id === each.parentId)!)),
      ]
      for (const each of backups)
        if (left.has(each.id)) expect(chainOf(each).every((link) => left.has(link.id))).toBe(true)
      const good = backups.filter((each) => chainOf(each).every((link) => link.check === 'good'))
      if (good.length > 0) expect(good.some((each) => left.has(each.id))).toBe(true)
      expect(left.size).toBeGreaterThan(0)
    }
  })
})
