// npm run test:faults: every fault at every boundary of every saga. See README.md.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { provision } from '../../lib/testing/lab/provision.ts'
import { sweepTestLabs } from '../../lib/testing/lab/test-lab.ts'
import { evidenceDir } from './evidence.ts'
import { caseName, casesOf, mixed, type FaultCase } from './fault-case.ts'
import { oldestFirst } from '../oldest-first.ts'
import type { TestTime } from '../test-suites.ts'
import { Results } from './results.ts'
import { runCase } from './run-case.ts'
import { SCENARIOS } from './scenarios.ts'
import { SAGAS } from '../../lib/start/sagas.ts'
import { Stage } from './stage.ts'
import { faultTable, writeTable } from './table.ts'

const say = (line: string) => console.log(`keyframe: ${line}`)
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    faults: { type: 'string' },
    again: { type: 'boolean' },
    failed: { type: 'boolean' },
    minutes: { type: 'string' },
    workers: { type: 'string', default: '2' },
    list: { type: 'boolean' },
    // For npm run test:all.
    scenarios: { type: 'string' },
    oldest: { type: 'boolean' },
    report: { type: 'string' },
  },
})
const endMs = options.minutes === undefined ? Infinity : Date.now() + Number(options.minutes) * 60_000
const workers = Number(options.workers)
if (!Number.isInteger(workers) || workers < 1) {
  say(`--workers ${options.workers} is not a number of cases to run at a time.`)
  process.exit(2)
}
const results = new Results()
const scenarios = options.scenarios
  ? SCENARIOS.filter(({ name }) => options.scenarios!.split(',').includes(name))
  : SCENARIOS
const unknown = options.scenarios?.split(',').find((name) => !SCENARIOS.some((each) => each.name === name))
if (unknown !== undefined) {
  say(`There is no scenario “${unknown}”.`)
  process.exit(2)
}
const counts = { passed: 0, failed: 0, failures: [] as string[], times: [] as TestTime[] }
/** A part of npm run test:all gets through some hundred: that of the next hour begins about where this one ends. */
const CASES_BETWEEN_HOURS = 97
let stopped = false

const versionOf = (kind: string) => SAGAS.find((saga) => saga.kind === kind)?.version ?? '?'
const scenarioKey = ({ scenario }: Pick<FaultCase, 'scenario'>) =>
  `${scenario.name} v${versionOf(scenario.begin.act)}`
const key = (each: FaultCase) => `${scenarioKey(each)}: ${caseName(each)}`
const planned = (among = scenarios): FaultCase[] =>
  among.flatMap((scenario) => casesOf(scenario, results.places(scenarioKey({ scenario })) ?? []))

function isDue(each: FaultCase): boolean {
  if (options.only !== undefined && !caseName(each).includes(options.only)) return false
  if (options.faults !== undefined && !options.faults.split(',').includes(each.fault.name)) return false
  const before = results.get(key(each))
  if (options.failed) return before !== undefined && !before.passed
  return options.again === true || options.oldest === true || before === undefined
}

async function findPlaces(stage: Stage): Promise<void> {
  for (const scenario of scenarios) {
    if (
      stopped ||
      (results.places(scenarioKey({ scenario })) && !options.again) ||
      (options.only &&
        !options.only.startsWith(scenario.name) &&
        SCENARIOS.some((each) => options.only!.startsWith(each.name)))
    )
      continue
    const { places, faults, outcome, tookMs } = await runCase(stage, scenario, `${scenario.name}: dry`)
    if (faults.length > 0)
      throw new Error(
        `${scenario.name} fails without any fault: ${faults.join('; ')}. Evidence: ${evidenceDir(`${scenario.name}: dry`)}`,
      )
    const unique = places.filter(
      (place, index) =>
        places.findIndex((each) => each.step === place.step && each.at === place.at) === index,
    )
    results.keepPlaces(scenarioKey({ scenario }), unique)
    say(`${scenario.name}: ${outcome} in ${(tookMs / 1000).toFixed(1)} s, ${unique.length} boundaries`)
  }
}

/** Much of a case is waiting: each worker has a stage of its own, all take from one list. */
async function runAll(): Promise<void> {
  await onStage(findPlaces)
  const all = mixed(planned().filter(isDue), caseName)
  const due = options.oldest
    ? oldestFirst(all, (each) => results.get(key(each)), Date.now(), CASES_BETWEEN_HOURS)
    : all
  say(`${due.length} cases to run, of ${planned().length}`)
  let next = 0
  const work = async (stage: Stage) => {
    while (!stopped && Date.now() < endMs && next < due.length) {
      const index = next++
      await runOne(stage, due[index]!, `${index + 1}/${due.length}`)
    }
  }
  const ends = await Promise.allSettled(
    Array.from({ length: Math.min(workers, due.length) }, () =>
      onStage(work).catch((error: unknown) => {
        stopped = true
        throw error
      }),
    ),
  )
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

async function onStage(act: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await Stage.open()
  try {
    await act(stage)
  } finally {
    await stage.close()
  }
}

async function runOne(stage: Stage, each: FaultCase, number: string): Promise<void> {
  const name = caseName(each)
  const { passed, outcome, said, faults, recoveryMs, tookMs } = await runCase(
    stage,
    each.scenario,
    name,
    each,
  )
  results.keep(key(each), {
    scenario: each.scenario.name,
    fault: each.fault.name,
    passed,
    outcome,
    said,
    faults,
    recoveryMs,
    tookMs,
    atMs: Date.now(),
  })
  counts.times.push({ name, ms: tookMs })
  if (passed) counts.passed++
  else {
    counts.failed++
    counts.failures.push([name, ...faults, evidenceDir(name)].join('\n    '))
  }
  const figures = `${(recoveryMs / 1000).toFixed(1)} s to recover, ${(tookMs / 1000).toFixed(1)} s in all`
  if (passed)
    console.log(
      `${number} ${name}: ${outcome}, ${figures}${each.scenario.outcomes.find(({ name }) => name === outcome)?.job === 'stopped' ? ` (${said})` : ''}`,
    )
  else
    console.log(
      `${number} FAILED ${name}: ${faults.join('; ').replaceAll(/\s+/g, ' ')} (${evidenceDir(name)})`,
    )
}

/** A terminal's Ctrl-C comes twice: from itself, and passed on by with-node24.mjs. */
const SAME_PRESS_MS = 300
let pressedAtMs = 0
process.on('SIGINT', () => {
  if (Date.now() - pressedAtMs < SAME_PRESS_MS) return
  pressedAtMs = Date.now()
  if (stopped) process.exit(130)
  stopped = true
  say('stopping after this case; again to stop at once')
})
await provision({ forTests: true, say })
await sweepTestLabs()
let failed = false
if (!options.list) {
  try {
    await runAll()
  } catch (error) {
    failed = true
    say(error instanceof Error ? error.message : String(error))
  }
}
if (options.list)
  for (const each of planned())
    console.log(`${results.get(key(each))?.passed ?? 'not run'} ${caseName(each)}`)
const rowsOf = (among = scenarios) =>
  planned(among).map((each) => ({
    scenario: each.scenario.name,
    fault: each.fault.name,
    result: results.get(key(each)),
  }))
const rows = rowsOf()
console.log(`\n${faultTable(rows)}`)
// A part's machine may know of nothing but the part: the table is not its to write.
if (options.report) writeFileSync(options.report, JSON.stringify(counts))
else writeTable(faultTable(rowsOf(SCENARIOS)))
process.exit(failed || rows.some((row) => row.result && !row.result.passed) ? 1 : 0)
