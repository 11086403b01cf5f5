// One suite of npm test or one part of npm run test:all: a process with a limit, and what it counted.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { repoDir } from '../lib/testing/lab/paths.ts'
import { type Counts, judge, timeTable } from './test-suites.ts'

export const MINUTE_MS = 60_000
/** Between asking a suite that is over its limit to end, and ending it. */
const GRACE_MS = 20_000

export type Suite = {
  name: string
  limitMs: number
  args: string[]
  /** Reads its JSON report; a suite without one is a single test. */
  count?: (json: string) => Counts
  env?: Record<string, string>
}

export type SuiteResult = Counts & { name: string; tookMs: number }

export const reportOf = (name: string) => join(repoDir, 'test-results/reports', `${name}.json`)
export const say = (line: string) => console.log(`keyframe: ${line}`)

/** What is said while other suites speak, too, is kept back and printed whole. */
type Speech = { isAlone: boolean; lines: string[] }

export async function runSuite(suite: Suite, isAlone = true, leftMs = Infinity): Promise<SuiteResult> {
  const speech: Speech = { isAlone, lines: [] }
  const speak = (line: string) => (isAlone ? console.log(line) : speech.lines.push(line))
  speak(`\n== ${suite.name}`)
  const startMs = Date.now()
  mkdirSync(join(repoDir, 'test-results/reports'), { recursive: true })
  rmSync(reportOf(suite.name), { force: true })
  const exitCode = await run(suite, Math.min(suite.limitMs, leftMs), speech)
  const { passed, failed, why, failures = [], times = [] } = judge(exitCode, countsOf(suite, exitCode))
  const tookMs = Date.now() - startMs
  speak(
    `keyframe: ${suite.name}: ${passed} passed, ${failed} failed in ${Math.round(tookMs / 1000)} s${why ? ` (${why})` : ''}`,
  )
  if (!isAlone) console.log(speech.lines.join('\n'))
  const named = failed > 0 && failures.length === 0 ? [why ?? 'its own output, above, tells more'] : failures
  return { name: suite.name, passed, failed, failures: named, times, tookMs }
}

async function run(suite: Suite, limitMs: number, speech: Speech): Promise<number | null> {
  const child = spawn(process.execPath, suite.args, {
    cwd: repoDir,
    stdio: ['ignore', speech.isAlone ? 'inherit' : 'pipe', speech.isAlone ? 'inherit' : 'pipe'],
    env: { ...process.env, ...suite.env },
  })
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => speech.lines.push(text.replace(/\n$/, '')))
  const timers = [
    setTimeout(
      () => {
        say(`${suite.name} is over its limit of ${(limitMs / MINUTE_MS).toFixed(1)} minutes`)
        child.kill('SIGTERM')
      },
      Math.max(0, limitMs),
    ),
    setTimeout(() => child.kill('SIGKILL'), Math.max(0, limitMs) + GRACE_MS),
  ]
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    // What a killed suite leaves running holds its output open, so "close" might never come; a pipe has more to say after "exit".
    child.once(speech.isAlone ? 'exit' : 'close', resolve)
  })
  for (const timer of timers) clearTimeout(timer)
  return exitCode
}

function countsOf(suite: Suite, exitCode: number | null): Counts | undefined {
  if (!suite.count) return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  try {
    return suite.count(readFileSync(reportOf(suite.name), 'utf8'))
  } catch {
    return undefined
  }
}

/** The end of a run: where the time went, what failed, and the sums. Gives how many failed. */
export function printResults(results: readonly SuiteResult[]): number {
  const passed = results.reduce((sum, counts) => sum + counts.passed, 0)
  const failed = results.reduce((sum, counts) => sum + counts.failed, 0)
  const failures = results.flatMap(({ name, failures = [] }) => failures.map((one) => `${name}: ${one}`))
  if (results.length > 0) console.log(`\n== where the time went\n${timeTable(results).join('\n')}`)
  if (failures.length > 0) console.log(`\n== what failed\n${failures.join('\n')}`)
  console.log(`\n${passed} passed, ${failed} failed`)
  return failed
}
