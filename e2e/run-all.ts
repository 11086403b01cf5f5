// npm run test:all: what is long, in parts; `-- slow faults-merges` runs these alone. `--minutes 40` begins no part that might not
// end in time, and says which it left out.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cacheDir } from '../lib/testing/lab/paths.ts'
import { provision } from '../lib/testing/lab/provision.ts'
import { sweepTestLabs } from '../lib/testing/lab/test-lab.ts'
import { type Earlier, oldestFirst } from './oldest-first.ts'
import { MINUTE_MS, printResults, runSuite, say, type Suite, type SuiteResult } from './run-suite.ts'
import { PARTS } from './suites.ts'

const startMs = Date.now()
const { values: options, positionals: asked } = parseArgs({
  options: { minutes: { type: 'string' }, list: { type: 'boolean' } },
  allowPositionals: true,
})
const endMs = options.minutes === undefined ? Infinity : startMs + Number(options.minutes) * MINUTE_MS
const unknown = asked.find((name) => !PARTS.some((part) => part.name === name))
if (unknown !== undefined || Number.isNaN(endMs)) {
  say(
    unknown === undefined
      ? `--minutes ${options.minutes} is no number.`
      : `There is no part “${unknown}”: ${PARTS.map(({ name }) => name).join(', ')}.`,
  )
  process.exit(2)
}

/** When each part ran last: kept where caches are, so that whoever keeps that folder from run to run goes round all parts. */
const file = join(cacheDir(), 'test-all.json')
const earlier = (): Record<string, Earlier> =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Earlier>) : {}
function keep({ name, failed }: SuiteResult): void {
  mkdirSync(cacheDir(), { recursive: true })
  const all = { ...earlier(), [name]: { atMs: Date.now(), passed: failed === 0 } }
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(all, undefined, 1))
  renameSync(`${file}.${process.pid}`, file)
}

const before = earlier()
const due = oldestFirst(
  PARTS.filter(({ name }) => asked.length === 0 || asked.includes(name)),
  ({ name }) => before[name],
  startMs,
)
if (options.list) {
  for (const { name, limitMs } of due)
    console.log(
      `${name}: at most ${limitMs / MINUTE_MS} minutes, ${before[name] ? `${before[name].passed ? 'passed' : 'failed'} ${new Date(before[name].atMs).toISOString()}` : 'not run'}`,
    )
  process.exit(0)
}
await provision({ forTests: true, say })
await sweepTestLabs()
const results: SuiteResult[] = []
const leftOut: Suite[] = []
for (const part of due) {
  if (Date.now() + part.limitMs > endMs) {
    leftOut.push(part)
    continue
  }
  const result = await runSuite(part)
  keep(result)
  results.push(result)
  for (const dir of await sweepTestLabs()) say(`${part.name} left its lab behind in ${dir}: ended`)
}
if (leftOut.length > 0)
  console.log(`\n== left out, for the time was too short\n${leftOut.map(({ name }) => name).join('\n')}`)
process.exit(printResults(results) === 0 ? 0 : 1)
