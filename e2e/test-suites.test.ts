import { expect, test } from 'vitest'
import { countPlaywright, countVitest, judge, timeTable } from './test-suites.ts'

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
            duration: 7,
          },
          { status: 'passed', fullName: 'another', failureMessages: [], duration: 1200.5 },
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
    times: [
      { name: 'c.test.ts › c', ms: 0 },
      { name: 'b.test.ts › a merge loses nothing', ms: 7 },
      { name: 'b.test.ts › another', ms: 1200.5 },
    ],
  })
})

test('playwright: skipped, flaky and errors outside of tests did not pass, and are named', () => {
  const spec = (title: string, status: string, message?: string) => ({
    title,
    file: 'a.spec.ts',
    line: 7,
    tests: [{ status, results: message ? [{ duration: 20, error: { message } }] : [] }],
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
    times: [
      { name: 'a.spec.ts › well', ms: 0 },
      { name: 'a.spec.ts › left out', ms: 0 },
      { name: 'a.spec.ts › bad', ms: 20 },
      { name: 'a.spec.ts › now and then', ms: 20 },
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

test('the end of a run: the minutes of each suite, and its ten slowest tests, slowest first', () => {
  const times = Array.from({ length: 11 }, (_, index) => ({ name: `t${index}`, ms: index * 1000 }))
  const table = timeTable([
    { name: 'types', tookMs: 30_000 },
    { name: 'unit', tookMs: 90_000, times },
    { name: 'e2e', tookMs: 600_000, times: [{ name: 'walk.spec.ts › two snapshots', ms: 60_449 }] },
  ])
  expect(table.slice(0, 5)).toEqual([
    '  0.5 min  types',
    '  1.5 min  unit',
    ' 10.0 min  e2e',
    ' 60.4 s    e2e: walk.spec.ts › two snapshots',
    ' 10.0 s    unit: t10',
  ])
  expect(table.slice(-1)).toEqual(['  2.0 s    unit: t2'])
  expect(table).toHaveLength(13)
})
