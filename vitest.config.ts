import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { PURE_FILES } from './lib/testing/pure-files.mjs'
import { LongestFirst } from './lib/testing/longest-first.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
// `server-only` throws outside of a server component build.
const resolve = {
  alias: { 'server-only': `${root}node_modules/server-only/empty.js`, '@': root.replace(/\/$/, '') },
}
// Each file has a libvirt and guests of its own; of the time that two of them take on 2 cores most is waiting.
const onTheLab = {
  exclude: ['**/node_modules/**'],
  environment: 'node',
  pool: 'forks' as const,
  maxWorkers: 2,
  sequence: { groupOrder: 1 },
  testTimeout: 120_000,
  hookTimeout: 180_000,
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    coverage: {
      provider: 'v8',
      include: PURE_FILES,
      reporter: ['text'],
      reportsDirectory: 'test-results/coverage',
      thresholds: { branches: 90 },
    },
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          include: ['{lib,app,components,e2e}/**/*.test.{ts,tsx}'],
          exclude: ['**/*.{integ,slow}.test.ts', '**/node_modules/**'],
          environment: 'node',
        },
      },
      {
        resolve,
        test: {
          name: 'integ',
          include: ['{lib,e2e}/**/*.integ.test.ts'],
          ...onTheLab,
        },
      },
      {
        resolve,
        test: {
          name: 'slow',
          include: ['{lib,e2e}/**/*.slow.test.ts'],
          ...onTheLab,
        },
      },
    ],
  },
})
