// npm test: every suite, even after one failed, and one line at the end that adds them up.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buildApp } from './app/build-app.ts'
import { cacheDir } from '../lib/testing/lab/paths.ts'
import { provision } from '../lib/testing/lab/provision.ts'
import { sweepTestLabs } from '../lib/testing/lab/test-lab.ts'
import { MINUTE_MS, printResults, runSuite, say, type Suite, type SuiteResult } from './run-suite.ts'
import { E2E, FORMAT, INTEG, LINT, TYPES, UNIT } from './suites.ts'
import { TEST_DIST } from './app/test-app.ts'

/** Of all together: nobody waits longer for a word, however slow the machine is. */
const LIMIT_MS = 29 * MINUTE_MS
const endMs = Date.now() + LIMIT_MS

/** A step that the suites need: the build is one test of its own, for it can fail while all else passes. */
async function runBuild(): Promise<SuiteResult> {
  const startMs = Date.now()
  const end = (counts: Pick<SuiteResult, 'passed' | 'failed' | 'failures'>) => ({
    name: 'build',
    tookMs: Date.now() - startMs,
    ...counts,
  })
  try {
    await buildApp(TEST_DIST, say)
    return end({ passed: 1, failed: 0 })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    say(message)
    return end({ passed: 0, failed: 1, failures: [message] })
  }
}

const beside = (suite: Suite) => () => runSuite(suite, false, endMs - Date.now())
const alone = (suite: Suite) => () => runSuite(suite, true, endMs - Date.now())
async function oneByOne(acts: (() => Promise<SuiteResult>)[]): Promise<SuiteResult[]> {
  const results: SuiteResult[] = []
  for (const act of acts) results.push(await act())
  return results
}

try {
  await provision({ forTests: true, say })
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  if (existsSync(join(cacheDir(), 'provision.log'))) say(`log: ${join(cacheDir(), 'provision.log')}`)
  console.log('0 passed, 1 failed')
  process.exit(1)
}
for (const dir of await sweepTestLabs()) say(`ended the lab that an earlier run left in ${dir}`)
console.log('\n== build and types beside lint and format')
const all = [
  // Types after the build, which writes some of those that are checked.
  ...(await Promise.all([oneByOne([runBuild, beside(TYPES)]), oneByOne([beside(LINT), beside(FORMAT)])])),
  await oneByOne([alone(UNIT), alone(INTEG), alone(E2E)]),
].flat()
for (const dir of await sweepTestLabs()) say(`a test left its lab behind in ${dir}: ended`)
process.exit(printResults(all) === 0 ? 0 : 1)
