import { expect, it } from 'vitest'
import { powerRefusal } from './power-rules.ts'

it('N29: a guest that sleeps is woken up, not resumed, and no other is woken up; the refusal says so in words', () => {
  expect(powerRefusal('wake-up', 'pmsuspended')).toBeNull()
  expect(powerRefusal('force-off', 'pmsuspended')).toBeNull()
  for (const act of ['resume', 'start', 'shutdown', 'thaw'] as const)
    expect(powerRefusal(act, 'pmsuspended')).toMatch(
      /^A VM that is asleep by its own power management can’t be /,
    )
  for (const state of ['running', 'paused', 'shut off', 'crashed'] as const)
    expect(powerRefusal('wake-up', state)).toBe(`A VM that is ${state} can’t be woken up.`)
})
