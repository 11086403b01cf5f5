import { describe, expect, it } from 'vitest'
import { conflictOf, readLock } from './locks.ts'

describe('locks of two jobs', () => {
  it.each([
    [['a'], ['a'], 'a'],
    [['a'], ['b'], null],
    [[], ['a'], null],
    [[readLock('a')], [readLock('a')], null],
    [[readLock('a')], ['a'], 'a'],
    [['a'], [readLock('a')], 'a'],
    [['b', readLock('a')], ['c', 'a'], 'a'],
  ])('%j beside %j: %j', (held, wanted, conflict) => {
    expect(conflictOf(held, wanted)).toBe(conflict)
  })
})
