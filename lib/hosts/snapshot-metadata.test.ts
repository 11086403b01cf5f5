import { expect, it } from 'vitest'
import { oldestFirst, type SnapshotMetadata } from './snapshot-metadata.ts'

const snapshot = (name: string, createdAtMs: number, parent: string | null): SnapshotMetadata => ({
  name,
  createdAtMs,
  parent,
  description: '',
  state: 'disk-snapshot',
  memory: 'no',
  memoryPath: null,
  definition: null,
  discards: {},
  namedPaths: [],
  disks: [],
})
const order = (...list: SnapshotMetadata[]) => oldestFirst(list).map((each) => each.name)

it('snapshots of one second stand in the order in which they were taken: a parent before its child, whatever their names', () => {
  expect(order(snapshot('new', 1000, 's1'), snapshot('s1', 1000, null))).toEqual(['s1', 'new'])
  expect(order(snapshot('a', 1000, 'b'), snapshot('b', 1000, 'c'), snapshot('c', 1000, null))).toEqual([
    'c',
    'b',
    'a',
  ])
})

it('else by time, and a circle of parents ends', () => {
  expect(order(snapshot('late', 2000, null), snapshot('early', 1000, 'late'))).toEqual(['early', 'late'])
  expect(order(snapshot('x', 1000, 'y'), snapshot('y', 1000, 'x'))).toHaveLength(2)
})
