import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { generate } from './generate.ts'
import { QEMU, REMOTE } from './procedures.generated.ts'

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

it('procedures.generated.ts is what generate.ts makes of procedures.tsv', () => {
  expect(read('./procedures.generated.ts')).toBe(generate(read('./procedures.tsv')))
})

it('holds all procedures of libvirt 11.3.0, each number once', () => {
  const numbers = Object.values(REMOTE).map(([number]) => number)
  expect(numbers).toHaveLength(453)
  expect(new Set(numbers).size).toBe(453)
  expect(Object.keys(QEMU)).toHaveLength(7)
})
