import { stripVTControlCharacters } from 'node:util'

/** `failures`: of each test that did not pass its name and the beginning of what it said, for the end of a long log. */
export type Counts = { passed: number; failed: number; failures?: string[] }

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
  assertionResults: { status: string; fullName: string; failureMessages: string[] | null }[]
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
  }
}

type PlaywrightSuite = {
  title: string
  specs?: {
    title: string
    file: string
    line: number
    tests: { status: string; results: { error?: { message?: string } }[] }[]
  }[]
  suites?: PlaywrightSuite[]
}

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
  }
}

/** A suite that ended badly, or in which nothing ran, never counts as passed. */
export function judge(exitCode: number | null, counts: Counts | undefined): Counts & { why?: string } {
  if (!counts) return { passed: 0, failed: 1, why: 'it crashed before it could report' }
  if (counts.passed + counts.failed === 0) return { passed: 0, failed: 1, why: 'it ran no test' }
  if (exitCode !== 0 && counts.failed === 0)
    return { passed: counts.passed, failed: 1, why: `it ended with exit ${exitCode} though no test failed` }
  return counts
}
