import { expect, it } from 'vitest'
import { BUDGET_RECORDS, BUDGET_WINDOW_MS, RefusalBudget } from './refusal-budget.ts'

const spend = (budget: RefusalBudget, key: string, times: number, nowMs: number) =>
  Array.from({ length: times }, () => budget.take(key, nowMs).record).filter(Boolean).length

it('records so many an hour of each, and counts the rest', () => {
  const budget = new RefusalBudget()
  expect(spend(budget, 'ann', BUDGET_RECORDS + 5, 1_000)).toBe(BUDGET_RECORDS)
  expect(spend(budget, 'bob', 1, 1_000)).toBe(1)
  expect(budget.take('ann', 2_000)).toEqual({ record: false, endsAtMs: 1_000 + BUDGET_WINDOW_MS })
  expect(budget.pending()).toEqual(['ann'])
  expect([budget.sum('ann'), budget.sum('ann'), budget.pending()]).toEqual([6, 0, []])
})

it('begins again an hour later, and not before what was counted is summed up', () => {
  const budget = new RefusalBudget()
  spend(budget, 'ann', BUDGET_RECORDS, 0)
  expect(budget.take('ann', BUDGET_WINDOW_MS - 1).record).toBe(false)
  expect(budget.take('ann', BUDGET_WINDOW_MS).record).toBe(false)
  expect(budget.sum('ann')).toBe(2)
  expect(spend(budget, 'ann', BUDGET_RECORDS + 1, BUDGET_WINDOW_MS)).toBe(BUDGET_RECORDS)
})

it('forgets who was refused little', () => {
  const budget = new RefusalBudget()
  spend(budget, 'ann', 3, 0)
  budget.sweep(BUDGET_WINDOW_MS)
  expect(spend(budget, 'ann', BUDGET_RECORDS, BUDGET_WINDOW_MS)).toBe(BUDGET_RECORDS)
})
