import { expect, test } from 'vitest'
import { countPlaywright, countVitest, judge } from './test-suites.ts'

test('a vitest file that could not be loaded is a failure', () => {
  const json = JSON.stringify({ numPassedTests: 3, numFailedTests: 1, testResults: [{ status: 'failed', assertionResults: [] }, { status: 'failed', assertionResults: [{}] }] })
  expect(countVitest(json)).toEqual({ passed: 3, failed: 2 })
})

test('playwright: skipped, flaky and errors outside of tests did not pass', () => {
  const json = JSON.stringify({ stats: { expected: 5, unexpected: 1, flaky: 1, skipped: 1 }, errors: [{}] })
  expect(countPlaywright(json)).toEqual({ passed: 5, failed: 4 })
})

test.each([
  ['crashed', 1, undefined, { passed: 0, failed: 1 }],
  ['no test', 0, { passed: 0, failed: 0 }, { passed: 0, failed: 1 }],
  ['an exit code that no test explains', 1, { passed: 4, failed: 0 }, { passed: 4, failed: 1 }],
  ['all well', 0, { passed: 4, failed: 0 }, { passed: 4, failed: 0 }],
])('%s', (_, exitCode, counts, expected) => {
  expect(judge(exitCode, counts)).toMatchObject(expected)
})
