import { expect, test } from 'vitest'
import { mixed } from './fault-case.ts'
import { FAULTS } from './faults.ts'
import type { KeptResult } from './results.ts'
import { faultTable } from './table.ts'

const result = (passed: boolean, recoveryMs: number): KeptResult => ({
  scenario: 'merge',
  fault: 'app',
  passed,
  recoveryMs,
  outcome: '',
  said: '',
  faults: [],
  tookMs: 0,
  atMs: 0,
})

test('a cell counts survived of run, a case that was not run counts in neither', () => {
  const table = faultTable([
    { scenario: 'merge', fault: 'app', result: result(true, 1_234) },
    { scenario: 'merge', fault: 'app', result: result(false, 60_000) },
    { scenario: 'merge', fault: 'qemu', result: undefined },
    { scenario: 'merge', fault: 'libvirtd', result: result(true, 500) },
    { scenario: 'merge', fault: 'libvirtd', result: undefined },
  ])
  const row = table
    .split('\n')[2]!
    .split('|')
    .map((cell) => cell.trim())
  expect(row[1]).toBe('merge')
  expect(row[2 + FAULTS.findIndex(({ name }) => name === 'app')]).toBe('1/2')
  expect(row[2 + FAULTS.findIndex(({ name }) => name === 'qemu')]).toBe('–')
  expect(row[2 + FAULTS.findIndex(({ name }) => name === 'libvirtd')]).toBe('1/1 of 2')
  expect(table).toContain('5 cases, 3 run, 2 survived; slowest recovery 1.2 s.')
})

test('the order is mixed, whole, and the same each time', () => {
  const names = Array.from({ length: 40 }, (_, index) => `case ${index}`)
  const once = mixed(names, (name) => name)
  expect(once).toEqual(mixed([...names].reverse(), (name) => name))
  expect(once).not.toEqual(names)
  expect([...once].sort()).toEqual([...names].sort())
})
