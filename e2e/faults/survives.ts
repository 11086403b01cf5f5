import { afterAll, beforeAll, expect, it } from 'vitest'
import { caseNamed } from './fault-case.ts'
import { runCase } from './run-case.ts'
import { SCENARIOS } from './scenarios.ts'
import { Stage } from './stage.ts'

export const CASE_LIMIT_MS = 120_000

/** A stage for all tests of a file. */
export function onStage(): () => Stage {
  let stage: Stage
  beforeAll(async () => {
    stage = await Stage.open()
  })
  afterAll(async () => {
    await stage?.close()
  })
  return () => stage
}

/** Cases of the matrix by their names, each a test. */
export function survives(names: readonly string[]): void {
  const stage = onStage()
  it.each(names)(
    '%s',
    async (name) => {
      const each = caseNamed(name, SCENARIOS)
      expect((await runCase(stage(), each.scenario, name, each)).faults).toEqual([])
    },
    CASE_LIMIT_MS,
  )
}
