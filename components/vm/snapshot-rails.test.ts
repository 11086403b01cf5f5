import { expect, test } from 'vitest'
import type { SnapshotNode } from '@/lib/snapshots/types'
import { snapshotIndents } from './snapshot-rails.ts'

const tree = (...pairs: [string, string | null][]): SnapshotNode[] =>
  pairs.map(([name, parent]) => ({
    name,
    parent,
    children: pairs.filter(([, above]) => above === name).map(([child]) => child),
    description: '',
    createdAtMs: 0,
    state: 'running',
    isCurrent: false,
    memory: 'no',
    disks: [],
    deleteInProgress: false,
    unproven: null,
    revertRefusal: null,
    deleteRefusal: null,
  }))

test('sixty snapshots in a row stay in line', () => {
  const nodes = tree(
    ...Array.from({ length: 60 }, (_, index): [string, string | null] => [
      `s${index}`,
      index === 0 ? null : `s${index - 1}`,
    ]),
  )
  expect(new Set(snapshotIndents(nodes).values())).toEqual(new Set([0]))
})

test('branches are set in, and no further than there is room', () => {
  expect([...snapshotIndents(tree(['a', null], ['b', 'a'], ['c', 'b'], ['d', 'a']))]).toEqual([
    ['a', 0],
    ['b', 1],
    ['c', 1],
    ['d', 1],
  ])
  const deep = Array.from({ length: 20 }, (_, index): [string, string | null][] => [
    [`n${index}`, index === 0 ? null : `n${index - 1}`],
    [`x${index}`, index === 0 ? null : `n${index - 1}`],
  ]).flat()
  expect(Math.max(...snapshotIndents(tree(...deep)).values())).toBe(5)
})

test('a parent that is gone makes a root', () => {
  expect([...snapshotIndents(tree(['a', 'gone']))]).toEqual([['a', 0]])
})
