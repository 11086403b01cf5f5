import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { perProcess } from './per-process.ts'

const lib = fileURLToPath(new URL('../', import.meta.url))

it('is the same in each copy of a module, and made once', async () => {
  const make = vi.fn(() => ({ count: 0 }))
  perProcess('a test', make).count++
  vi.resetModules()
  const copy = await import('./per-process.ts')
  expect(copy.perProcess).not.toBe(perProcess)
  expect(copy.perProcess('a test', make)).toEqual({ count: 1 })
  expect(make).toHaveBeenCalledTimes(1)
})

it('is known by its module alone: two of one key would take each other’s', () => {
  const keys = globSync('**/*.ts', { cwd: lib, exclude: ['**/node_modules/**'] })
    .filter((file) => !file.startsWith('server/per-process'))
    .flatMap((file) =>
      [...readFileSync(`${lib}${file}`, 'utf8').matchAll(/\bperProcess(?:<[^(]*>)?\(\s*('[^']*')?/g)].map(
        ([, key]) => ({ key, file: `'${file.replace(/\.ts$/, '')}'` }),
      ),
    )
  expect(keys.length).toBeGreaterThan(30)
  expect(keys.filter(({ key, file }) => key !== file)).toEqual([])
  expect(new Set(keys.map(({ key }) => key)).size).toBe(keys.length)
})
