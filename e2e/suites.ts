// What npm test and npm run test:all are made of.
import { countCounts, countPlaywright, countVitest } from './test-suites.ts'
import { MINUTE_MS, reportOf, type Suite } from './run-suite.ts'

const vitest = (name: string, limitMinutes: number, more: string[] = []): Suite => ({
  name,
  limitMs: limitMinutes * MINUTE_MS,
  count: countVitest,
  args: [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    name,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportOf(name)}`,
    ...more,
  ],
})

export const TYPES: Suite = {
  name: 'types',
  limitMs: 5 * MINUTE_MS,
  args: ['node_modules/typescript/bin/tsc', '--noEmit'],
}
export const LINT: Suite = {
  name: 'lint',
  limitMs: 5 * MINUTE_MS,
  args: ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0'],
}
export const FORMAT: Suite = {
  name: 'format',
  limitMs: 5 * MINUTE_MS,
  args: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
}
export const UNIT = vitest('unit', 5, ['--coverage'])
export const INTEG = vitest('integ', 20)
export const E2E: Suite = {
  name: 'e2e',
  limitMs: 15 * MINUTE_MS,
  count: countPlaywright,
  args: ['node_modules/@playwright/test/cli.js', 'test', '-c', 'e2e/playwright.config.ts'],
  env: { PLAYWRIGHT_JSON_OUTPUT_NAME: reportOf('e2e') },
}

/** So long a part of the matrix goes on beginning cases; the last ones at hand, its labs and its dry runs come on top. */
const FAULT_MINUTES = 8
const FAULT_LIMIT_MINUTES = 11
const faults = (name: string, scenarios: string[]): Suite => ({
  name: `faults-${name}`,
  limitMs: FAULT_LIMIT_MINUTES * MINUTE_MS,
  count: countCounts,
  args: [
    '--disable-warning=ExperimentalWarning',
    '--conditions=react-server',
    'e2e/faults/run-faults.ts',
    '--scenarios',
    scenarios.join(','),
    '--oldest',
    '--minutes',
    String(FAULT_MINUTES),
    '--report',
    reportOf(`faults-${name}`),
  ],
})

/** The parts of npm run test:all: what is long, and not needed at each commit. Their limits are an hour together. */
export const PARTS: Suite[] = [
  vitest('slow', 5),
  faults('snapshots', ['snapshot', 'revert', 'delete', 'repair']),
  faults('merges', ['merge-active', 'merge-middle', 'merge-pull']),
  faults('pushes', ['push-full', 'push-increment']),
  faults('copies', ['copy-backup']),
  faults('restores', ['restore', 'restore-in-place', 'restore-keep', 'restore-put-back', 'backup-remove']),
]
