import { expect, test } from 'vitest'
import { oldestFirst } from './oldest-first.ts'

const HOUR_MS = 3_600_000
const none = () => undefined

test('what failed comes first, then what never ran, then the oldest result', () => {
  const earlier: Record<string, { atMs: number; passed: boolean }> = {
    new: { atMs: 9, passed: true },
    old: { atMs: 3, passed: true },
    bad: { atMs: 8, passed: false },
  }
  expect(oldestFirst(['new', 'old', 'never', 'bad'], (name) => earlier[name], 0)).toEqual([
    'bad',
    'never',
    'old',
    'new',
  ])
})

test('without any result each hour begins somewhere else, and nothing is left out', () => {
  const all = ['a', 'b', 'c']
  expect(oldestFirst(all, none, 0)).toEqual(['a', 'b', 'c'])
  expect(oldestFirst(all, none, HOUR_MS)).toEqual(['b', 'c', 'a'])
  expect(oldestFirst(all, none, 3 * HOUR_MS - 1)).toEqual(['c', 'a', 'b'])
  expect(oldestFirst(all, none, 3 * HOUR_MS)).toEqual(['a', 'b', 'c'])
  expect(oldestFirst(all, none, HOUR_MS, 5)).toEqual(['c', 'a', 'b'])
  expect(oldestFirst([], none, HOUR_MS)).toEqual([])
})
