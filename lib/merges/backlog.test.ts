import { expect, it } from 'vitest'
import { Backlog } from './backlog.ts'

const job = (currentBytes: number, endBytes: number, type: 'active-commit' | 'commit' = 'active-commit') => ({
  type,
  currentBytes,
  endBytes,
})

it('a merge falls behind when it has copied all there was at first and is not in step 20 s later', () => {
  const backlog = new Backlog()
  expect(backlog.fallsBehind(job(0, 1), 0)).toBe(false)
  expect(backlog.fallsBehind(job(10, 100), 0)).toBe(false)
  expect(backlog.fallsBehind(job(99, 180), 100_000)).toBe(false)
  expect(backlog.fallsBehind(job(100, 190), 101_000)).toBe(false)
  expect(backlog.fallsBehind(job(150, 240), 120_999)).toBe(false)
  expect(backlog.fallsBehind(job(160, 250), 121_000)).toBe(true)
})

it('one that only copies a lot does not, nor does a commit of a middle range', () => {
  const backlog = new Backlog()
  for (const atMs of [0, 60_000, 600_000])
    expect(backlog.fallsBehind(job(atMs / 10_000, 100), atMs)).toBe(false)
  const middle = new Backlog()
  for (const atMs of [0, 60_000]) expect(middle.fallsBehind(job(200, 100, 'commit'), atMs)).toBe(false)
})
