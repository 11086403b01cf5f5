import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { FAULTS } from './faults.ts'
import type { KeptResult } from './results.ts'

const README = fileURLToPath(new URL('./README.md', import.meta.url))
const BEGIN = '<!-- table: written by npm run test:faults -->'
const END = '<!-- end of the table -->'

export type Planned = { scenario: string; fault: string; result: KeptResult | undefined }

/** Rows: scenarios; columns: faults; cells: survived of run, and of how many where some were not run yet. Pure. */
export function faultTable(planned: readonly Planned[]): string {
  const scenarios = [...new Set(planned.map((each) => each.scenario))]
  const cell = (all: readonly Planned[]) => {
    const run = all.filter((each) => each.result)
    // Of what is planned and was not run nothing is known: it must not look like a whole row.
    return run.length === 0
      ? '–'
      : `${run.filter((each) => each.result!.passed).length}/${run.length}${run.length < all.length ? ` of ${all.length}` : ''}`
  }
  const rows = scenarios.map((scenario) => {
    const own = planned.filter((each) => each.scenario === scenario)
    return [
      scenario,
      ...FAULTS.map(({ name }) => cell(own.filter((each) => each.fault === name))),
      cell(own),
      slowest(own),
    ]
  })
  const run = planned.filter((each) => each.result)
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(['saga', ...FAULTS.map(({ name }) => name), 'all', 'slowest recovery']),
    line(['-', ...FAULTS.map(() => '-'), '-', '-']),
    ...rows.map(line),
    '',
    `${planned.length} cases, ${run.length} run, ${run.filter((each) => each.result!.passed).length} survived; slowest recovery ${slowest(planned)}.`,
  ].join('\n')
}

function slowest(all: readonly Planned[]): string {
  const times = all.flatMap(({ result }) => (result?.passed ? [result.recoveryMs] : []))
  return times.length === 0 ? '–' : `${(Math.max(...times) / 1000).toFixed(1)} s`
}

/** Puts the table between its marks in README.md. */
export function writeTable(table: string): void {
  const text = readFileSync(README, 'utf8')
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (from === -1 || to < from) throw new Error(`${README} has lost the marks of its table.`)
  writeFileSync(README, `${text.slice(0, from + BEGIN.length)}\n\n${table}\n\n${text.slice(to)}`)
}
