import { afterAll, beforeAll, expect, it } from 'vitest'
import { caseNamed } from './fault-case.ts'
import { runCase } from './run-case.ts'
import { SCENARIOS } from './scenarios.ts'
import { Stage } from './stage.ts'

/** The cases that have the most to tell, some three minutes of the hours that `npm run test:faults` takes. */
const CASES = [
  'snapshot: create before: cut',
  'snapshot: create acted: app',
  'snapshot: create acted: libvirtd',
  'snapshot: create before: full-overlays',
  'merge-active: begin vda acted: app',
  'merge-active: copy vdb waiting: libvirtd',
  'merge-active: copy vda waiting: qemu',
  'merge-active: pivot vda acted: app',
  'merge-active: begin vdb before: full-bases',
  'merge-middle: reconcile vdb acted: app',
  'merge-pull: copy vdb waiting: cut',
  'revert: revert acted: app',
  'delete: delete s2 before: libvirtd',
  'delete: delete s2 acted: app',
]
const CASE_LIMIT_MS = 120_000

let stage: Stage
beforeAll(async () => { stage = await Stage.open() })
afterAll(async () => { await stage?.close() })

it.each(CASES)('%s', async (name) => {
  const each = caseNamed(name, SCENARIOS)
  expect((await runCase(stage, each.scenario, name, each)).faults).toEqual([])
}, CASE_LIMIT_MS)
