import { expect, test } from 'vitest'
import { countPlaywright, countVitest, judge } from './test-suites.ts'

test('a vitest file that could not be loaded, or prepared, is a failure; each failure is named with what it said', () => {
  const json = JSON.stringify({
    numPassedTests: 3,
    numFailedTests: 1,
    testResults: [
      { name: 'a.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
      {
        name: 'c.test.ts',
        status: 'failed',
        message: 'the lab did not start',
        assertionResults: [{ status: 'skipped', fullName: 'c', failureMessages: [] }],
      },
      {
        name: 'b.test.ts',
        status: 'failed',
        assertionResults: [
          {
            status: 'failed',
            fullName: 'a merge loses nothing',
            failureMessages: ['\u001b[31mexpected 1\u001b[39m\n    at b.test.ts:3'],
          },
          { status: 'passed', fullName: 'another', failureMessages: [] },
        ],
      },
    ],
  })
  expect(countVitest(json)).toEqual({
    passed: 3,
    failed: 3,
    failures: [
      'a.test.ts\n    no such module',
      'c.test.ts\n    the lab did not start',
      'b.test.ts › a merge loses nothing\n    expected 1\n        at b.test.ts:3',
    ],
  })
})

test('playwright: skipped, flaky and errors outside of tests did not pass, and are named', () => {
  const spec = (title: string, status: string, message?: string) => ({
    title,
    file: 'a.spec.ts',
    line: 7,
    tests: [{ status, results: message ? [{ error: { message } }] : [] }],
  })
  const json = JSON.stringify({
    stats: { expected: 5, unexpected: 1, flaky: 1, skipped: 1 },
    errors: [{ message: 'no browser' }],
    suites: [
      {
        title: 'a.spec.ts',
        specs: [spec('well', 'expected'), spec('left out', 'skipped')],
        suites: [
          {
            title: 'at 390 px',
            specs: [spec('bad', 'unexpected', 'not seen'), spec('now and then', 'flaky', 'late')],
          },
        ],
      },
    ],
  })
  expect(countPlaywright(json)).toEqual({
    passed: 5,
    failed: 4,
    failures: [
      'outside of any test\n    no browser',
      'a.spec.ts:7 › left out (skipped)\n    it said nothing',
      'a.spec.ts:7 › bad (unexpected)\n    not seen',
      'a.spec.ts:7 › now and then (flaky)\n    late',
    ],
  })
})

test.each([
  ['crashed', 1, undefined, { passed: 0, failed: 1 }],
  ['no test', 0, { passed: 0, failed: 0 }, { passed: 0, failed: 1 }],
  ['an exit code that no test explains', 1, { passed: 4, failed: 0 }, { passed: 4, failed: 1 }],
  ['all well', 0, { passed: 4, failed: 0 }, { passed: 4, failed: 0 }],
])('%s', (_, exitCode, counts, expected) => {
  expect(judge(exitCode, counts)).toMatchObject(expected)
})
