export type Counts = { passed: number, failed: number }

/** Vitest's and Jest's JSON. A file that could not be loaded counts as one failure, though no test of it ran. */
export function countVitest(json: string): Counts {
  const report = JSON.parse(json) as { numPassedTests: number, numFailedTests: number, testResults: { status: string, assertionResults: unknown[] }[] }
  const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles }
}

/** Playwright's JSON. Nothing is skipped here: a skipped test is one that did not pass. */
export function countPlaywright(json: string): Counts {
  const { stats, errors } = JSON.parse(json) as { stats: { expected: number, unexpected: number, flaky: number, skipped: number }, errors: unknown[] }
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + stats.skipped + errors.length }
}

/** A suite that ended badly, or in which nothing ran, never counts as passed. */
export function judge(exitCode: number | null, counts: Counts | undefined): Counts & { why?: string } {
  if (!counts) return { passed: 0, failed: 1, why: 'it crashed before it could report' }
  if (counts.passed + counts.failed === 0) return { passed: 0, failed: 1, why: 'it ran no test' }
  if (exitCode !== 0 && counts.failed === 0) return { passed: counts.passed, failed: 1, why: `it ended with exit ${exitCode} though no test failed` }
  return counts
}
