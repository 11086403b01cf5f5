import { expect, it } from 'vitest'
import { safeJson } from './safe-json.ts'

it('writes what JSON can hold as JSON does', () => {
  for (const value of [null, 1, 'a"b', true, [1, [2]], { a: { b: [null, 'c'] } }, [], {}])
    expect(safeJson(value)).toBe(JSON.stringify(value))
  expect(safeJson(undefined)).toBe('null')
  expect(safeJson([undefined, 1])).toBe('[null,1]')
  expect(safeJson({ a: undefined, at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}')
})

const cycle: Record<string, unknown> = { host: 'h' }
cycle.self = [cycle]
const hostile = (trap: string) =>
  new Proxy(
    {},
    {
      [trap]: () => {
        throw new Error('no')
      },
    },
  )
it.each<[string, unknown, string]>([
  ['BigInt', { host: 'h', z: 1n }, '{"host":"h","z":"1"}'],
  [
    'functions and symbols',
    { host: 'h', f: () => 1, s: Symbol('x') },
    '{"host":"h","f":"[function]","s":"[symbol]"}',
  ],
  [
    'Map, Set, FormData and bytes',
    [new Map([[1, 2]]), new Set([1]), new FormData(), new Uint8Array(2)],
    '["[Map]","[Set]","[FormData]","[Uint8Array]"]',
  ],
  ['cycles', cycle, '{"host":"h","self":["[cycle]"]}'],
  [
    'toJSON that throws',
    {
      host: 'h',
      toJSON() {
        throw new Error('no')
      },
    },
    '{"host":"h","toJSON":"[function]"}',
  ],
  [
    'toJSON that hides the rest',
    { host: 'h', toJSON: () => undefined },
    '{"host":"h","toJSON":"[function]"}',
  ],
  ['a toJSON that is no function', { toJSON: 1n }, '{"toJSON":"1"}'],
  ['numbers JSON does not know', [NaN, Infinity, -0], '["NaN","Infinity",0]'],
  ['a date that is none', [new Date(NaN)], '["[Invalid Date]"]'],
  [
    'a getter that throws',
    {
      a: {
        get b() {
          throw new Error('no')
        },
      },
      c: 1,
    },
    '{"a":"[unreadable]","c":1}',
  ],
  ['a proxy that throws at its keys', { a: hostile('ownKeys'), c: 1 }, '{"a":"[unreadable]","c":1}'],
  ['a proxy that throws at its prototype', hostile('getPrototypeOf'), '"[unreadable]"'],
  ['a proxy that throws at everything', [hostile('get')], expect.any(String) as string],
  ['a promise', [Promise.resolve(1)], '["[Promise]"]'],
  ['one thing twice, which is no cycle', [[cycle.host], [cycle.host]], '[["h"],["h"]]'],
  ['__proto__', JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
])('never throws: %s', (_, value, text) => expect(safeJson(value)).toEqual(text))

it('ends, however deep, wide, long or often the same', () => {
  let deep: unknown = 1
  for (let level = 0; level < 100_000; level++) deep = [deep]
  expect(safeJson(deep)).toContain('[deeper]')
  expect(safeJson(Array.from({ length: 1_000_000 }, () => 1)).length).toBeLessThan(20_000)
  let doubled: unknown = 'x'
  for (let level = 0; level < 19; level++) doubled = [doubled, doubled]
  expect(safeJson(doubled).length).toBeLessThan(100_000)
  const sparse: unknown[] = []
  sparse.length = 2 ** 32 - 1
  expect(safeJson({ a: sparse, b: 1 }).length).toBeLessThan(100_000)
})

it('leaves out and replaces by key, before it looks into the value', () => {
  const replaced = safeJson(
    {
      name: 'web',
      password: {
        toJSON() {
          throw new Error('no')
        },
      },
      $ACTION_1: 'x',
    },
    (key, value) => {
      if (key.startsWith('$')) return undefined
      return key === 'password' ? '…' : value
    },
  )
  expect(replaced).toBe('{"name":"web","password":"…"}')
})
