import { describe, expect, it } from 'vitest'
import { byId, chainOf, walkDown } from './chain-of.ts'

const backup = (id: string, parentId: string | null, targetId = 't') => ({ id, parentId, targetId })
const ids = (links: readonly { id: string }[]) => links.map(({ id }) => id)

describe('the walk of a chain', () => {
  const all = [backup('full', null), backup('one', 'full'), backup('two', 'one'), backup('other', null)]

  it('goes from the backup down to its full', () => {
    expect(walkDown(all[2]!, byId(all))).toMatchObject({ broken: null })
    expect(ids(walkDown(all[2]!, byId(all)).links)).toEqual(['two', 'one', 'full'])
    expect(ids(walkDown(all[0]!, byId(all)).links)).toEqual(['full'])
  })

  it('ends where something is gone, and says what', () => {
    const { links, broken } = walkDown(all[2]!, byId(all.filter(({ id }) => id !== 'full')))
    expect([ids(links), broken]).toEqual([['two', 'one'], { why: 'gone', id: 'full' }])
  })

  it.each([
    ['itself', [backup('a', 'a')], ['a'], 'a'],
    ['each other', [backup('a', 'b'), backup('b', 'a')], ['a', 'b'], 'a'],
    ['a circle further down', [backup('a', 'b'), backup('b', 'c'), backup('c', 'b')], ['a', 'b', 'c'], 'b'],
  ])('ends at a chain that rests on %s', (_, backups, links, id) => {
    const found = walkDown(backups[0]!, byId(backups))
    expect([ids(found.links), found.broken]).toEqual([links, { why: 'circle', id }])
  })

  it('takes each backup once and ends, whatever the parents are', () => {
    let seed = 7
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below
    for (let round = 0; round < 2_000; round++) {
      const count = 1 + random(8)
      const backups = Array.from({ length: count }, (_, index) =>
        backup(`b${index}`, random(3) === 0 ? null : `b${random(count + 1)}`),
      )
      for (const each of backups) {
        const { links, broken } = walkDown(each, byId(backups))
        expect(new Set(ids(links)).size).toBe(links.length)
        links.forEach((link, index) => {
          if (index > 0) expect(links[index - 1]!.parentId).toBe(link.id)
        })
        const { parentId } = links.at(-1)!
        if (broken === null) expect(parentId).toBeNull()
        else
          expect([parentId, ids(backups).includes(broken.id)]).toEqual([broken.id, broken.why === 'circle'])
      }
    }
  })

  it('stays in its target', () => {
    const here = backup('one', 'full', 'a')
    expect(chainOf([here, backup('full', null, 'b')], here)).toBeNull()
    expect(chainOf([here, backup('full', null, 'a'), backup('full', null, 'b')], here)).toHaveLength(2)
  })
})
