import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))
// `server-only` throws outside of a server component build.
const resolve = {
  alias: { 'server-only': `${root}node_modules/server-only/empty.js`, '@': root.replace(/\/$/, '') },
}

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          include: ['{lib,app,components,e2e}/**/*.test.{ts,tsx}'],
          exclude: ['**/*.integ.test.ts', '**/node_modules/**'],
          environment: 'node',
        },
      },
      {
        resolve,
        test: {
          name: 'integ',
          include: ['{lib,e2e}/**/*.integ.test.ts'],
          exclude: ['**/node_modules/**'],
          environment: 'node',
          // Real guests on 2 cores: one file at a time.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
