import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeOnce } from './make-once.ts'

let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'kf-once-'))
})
afterEach(() => rmSync(place, { recursive: true }))

test('of several that ask at once one makes it, and nothing is left beside it', async () => {
  const dir = join(place, 'parts')
  let made = 0
  const make = async (fresh: string) => {
    made++
    await new Promise((resolve) => setTimeout(resolve, 20))
    writeFileSync(join(fresh, 'file'), '')
  }
  await Promise.all([makeOnce(dir, make), makeOnce(dir, make), makeOnce(dir, make)])
  expect(made).toBe(1)
  expect([readdirSync(place), readdirSync(dir)]).toEqual([['parts'], ['file']])
})

test('a making that failed leaves nothing, and the next may try', async () => {
  const dir = join(place, 'parts')
  await expect(makeOnce(dir, () => Promise.reject(new Error('no network')))).rejects.toThrow('no network')
  expect(readdirSync(place)).toEqual([])
  await makeOnce(dir, () => Promise.resolve())
  expect(existsSync(dir)).toBe(true)
})

test('the lock of a process that is gone keeps nobody waiting', async () => {
  const dir = join(place, 'parts')
  writeFileSync(`${dir}.lock`, JSON.stringify({ pid: process.pid, startTicks: 'another process' }))
  await makeOnce(dir, () => Promise.resolve())
  expect(readdirSync(place)).toEqual(['parts'])
})
