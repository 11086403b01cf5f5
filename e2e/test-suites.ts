import { basename } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

export type TestTime = { name: string; ms: number }

/** `failures`: of each test that did not pass its name and the beginning of what it said, for the end of a long log. */
export type Counts = { passed: number; failed: number; failures?: string[]; times?: TestTime[] }

const SAID_LINES = 12

const failure = (name: string, said: string | undefined): string =>
  [
    name,
    ...stripVTControlCharacters(said ?? 'it said nothing')
      .split('\n')
      .slice(0, SAID_LINES)
      .map((line) => `    ${line}`),
  ].join('\n')

type VitestFile = {
  name: string
  status: string
  message?: string
  assertionResults: {
    status: string
    fullName: string
    failureMessages: string[] | null
    duration?: number | null
  }[]
}

/** Vitest's and Jest's JSON. A file that could not be loaded, or whose preparation failed, counts as one failure, though no test of it ran. */
export function countVitest(json: string): Counts {
  const report = JSON.parse(json) as {
    numPassedTests: number
    numFailedTests: number
    testResults: VitestFile[]
  }
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  )
  const failures = report.testResults.flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => status === 'failed')
      .map((one) => failure(`${file.name} › ${one.fullName}`, one.failureMessages?.[0])),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    failures: [...brokenFiles.map((file) => failure(file.name, file.message)), ...failures],
    times: report.testResults.flatMap((file) =>
      file.assertionResults.map((one) => ({
        name: `${basename(file.name)} › ${one.fullName}`,
        ms: one.duration ?? 0,
      })),
    ),
  }
}

type PlaywrightSuite = {
  title: string
  specs?: {
    title: string
    file: string
    line: number
    tests: { status: string; results: { duration: number; error?: { message?: string } }[] }[]
  }[]
  suites?: PlaywrightSuite[]
}

const playwrightTimes = (suite: PlaywrightSuite): TestTime[] => [
  ...(suite.specs ?? []).map((spec) => ({
    name: `${basename(spec.file)} › ${spec.title}`,
    ms: spec.tests.flatMap(({ results }) => results).reduce((sum, { duration }) => sum + duration, 0),
  })),
  ...(suite.suites ?? []).flatMap(playwrightTimes),
]

function playwrightFailures(suite: PlaywrightSuite): string[] {
  const own = (suite.specs ?? []).flatMap((spec) =>
    spec.tests
      .filter(({ status }) => status !== 'expected')
      .map((one) =>
        failure(
          `${spec.file}:${spec.line} › ${spec.title} (${one.status})`,
          one.results.find(({ error }) => error)?.error?.message,
        ),
      ),
  )
  return [...own, ...(suite.suites ?? []).flatMap(playwrightFailures)]
}

/** Playwright's JSON. Nothing is skipped here: a skipped test is one that did not pass. */
export function countPlaywright(json: string): Counts {
  const { stats, errors, suites } = JSON.parse(json) as {
    stats: { expected: number; unexpected: number; flaky: number; skipped: number }
    errors: { message?: string }[]
    suites: PlaywrightSuite[]
  }
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky + stats.skipped + errors.length,
    failures: [
      ...errors.map((error) => failure('outside of any test', error.message)),
      ...suites.flatMap(playwrightFailures),
    ],
    times: suites.flatMap(playwrightTimes),
  }
}

/** The fault matrix reports in these words already. */
export const countCounts = (json: string): Counts => JSON.parse(json) as Counts

/** A suite that ended badly, or in which nothing ran, never counts as passed. */
export function judge(exitCode: number | null, counts: Counts | undefined): Counts & { why?: string } {
  if (!counts) return { passed: 0, failed: 1, why: 'it crashed before it could report' }
  if (counts.passed + counts.failed === 0) return { passed: 0, failed: 1, why: 'it ran no test' }
  if (exitCode !== 0 && counts.failed === 0)
    return { passed: counts.passed, failed: 1, why: `it ended with exit ${exitCode} though no test failed` }
  return counts
}

const SLOWEST = 10

/** Where the time went: the minutes of each suite, and the tests that took longest. */
export function timeTable(suites: readonly { name: string; tookMs: number; times?: TestTime[] }[]): string[] {
  const slowest = suites
    .flatMap(({ name, times = [] }) => times.map((time) => ({ ...time, suite: name })))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, SLOWEST)
  return [
    ...suites.map(({ name, tookMs }) => `${(tookMs / 60_000).toFixed(1).padStart(5)} min  ${name}`),
    ...slowest.map(({ suite, name, ms }) => `${(ms / 1000).toFixed(1).padStart(5)} s    ${suite}: ${name}`),
  ]
}
