// npm test: every suite, even after one failed, and one line at the end that adds them up.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildApp } from './app/build-app.ts'
import { cacheDir, repoDir } from '../lib/testing/lab/paths.ts'
import { provision } from '../lib/testing/lab/provision.ts'
import { sweepTestLabs } from '../lib/testing/lab/test-lab.ts'
import { countPlaywright, countVitest, type Counts, judge } from './test-suites.ts'
import { TEST_DIST } from './app/test-app.ts'

const MINUTE_MS = 60_000
const reports = join(repoDir, 'test-results', 'reports')
const say = (line: string) => console.log(`keyframe: ${line}`)

type Suite = {
  name: string
  limitMs: number
  args: string[]
  /** Reads its JSON report; a suite without one is a single test. */
  count?: (json: string) => Counts
  env?: Record<string, string>
}

const report = (name: string) => join(reports, `${name}.json`)
const vitest = (name: string, limitMs: number): Suite => ({
  name,
  limitMs,
  count: countVitest,
  args: [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    name,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report(name)}`,
  ],
})

const SUITES: Suite[] = [
  { name: 'types', limitMs: 5 * MINUTE_MS, args: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  {
    name: 'lint',
    limitMs: 5 * MINUTE_MS,
    args: ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0'],
  },
  {
    name: 'format',
    limitMs: 5 * MINUTE_MS,
    args: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
  },
  vitest('unit', 5 * MINUTE_MS),
  vitest('integ', 35 * MINUTE_MS),
  {
    name: 'e2e',
    limitMs: 20 * MINUTE_MS,
    count: countPlaywright,
    args: ['node_modules/@playwright/test/cli.js', 'test', '-c', 'e2e/playwright.config.ts'],
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: report('e2e') },
  },
]

async function runSuite(suite: Suite): Promise<Counts> {
  console.log(`\n== ${suite.name}`)
  const startMs = Date.now()
  rmSync(report(suite.name), { force: true })
  const child = spawn(process.execPath, suite.args, {
    cwd: repoDir,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...suite.env },
  })
  const timer = setTimeout(() => {
    say(`${suite.name} is over its limit of ${suite.limitMs / MINUTE_MS} minutes`)
    child.kill('SIGTERM')
  }, suite.limitMs)
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('close', resolve)
  })
  clearTimeout(timer)
  const counts = (): Counts | undefined => {
    if (!suite.count) return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
    try {
      return suite.count(readFileSync(report(suite.name), 'utf8'))
    } catch {
      return undefined
    }
  }
  const { passed, failed, why, failures = [] } = judge(exitCode, counts())
  say(
    `${suite.name}: ${passed} passed, ${failed} failed in ${Math.round((Date.now() - startMs) / 1000)} s${why ? ` (${why})` : ''}`,
  )
  const named = failed > 0 && failures.length === 0 ? [why ?? 'its own output, above, tells more'] : failures
  return { passed, failed, failures: named.map((one) => `${suite.name}: ${one}`) }
}

/** A step that the suites need: the build is one test of its own, for it can fail while all else passes. */
async function runBuild(): Promise<Counts> {
  console.log('\n== build')
  try {
    await buildApp(TEST_DIST, say)
    return { passed: 1, failed: 0 }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    say(message)
    return { passed: 0, failed: 1, failures: [`build: ${message}`] }
  }
}

mkdirSync(reports, { recursive: true })
try {
  await provision({ forTests: true, say })
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  if (existsSync(join(cacheDir(), 'provision.log'))) say(`log: ${join(cacheDir(), 'provision.log')}`)
  console.log('0 passed, 1 failed')
  process.exit(1)
}
for (const dir of await sweepTestLabs()) say(`ended the lab that an earlier run left in ${dir}`)
const all = [await runBuild()]
for (const suite of SUITES) all.push(await runSuite(suite))
for (const dir of await sweepTestLabs()) say(`a test left its lab behind in ${dir}: ended`)
const passed = all.reduce((sum, counts) => sum + counts.passed, 0)
const failed = all.reduce((sum, counts) => sum + counts.failed, 0)
const failures = all.flatMap((counts) => counts.failures ?? [])
if (failures.length > 0) console.log(`\n== what failed\n${failures.join('\n')}`)
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
