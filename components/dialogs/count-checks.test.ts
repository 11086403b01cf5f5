import { expect, it } from 'vitest'
import type { Verdict } from '@/lib/plans/types'
import { countChecks } from './count-checks.ts'

const of = (...verdicts: Verdict[]) => countChecks(verdicts.map((verdict) => ({ verdict })))

it('a check that refuses is counted first, and never among those that are fine', () => {
  expect(of('ok', 'refused', 'ok')).toBe('3 checks: 1 in the way, 2 fine')
})

it('what is to mind and what can’t be asked is counted by itself', () => {
  expect(of('ok', 'unknown', 'warn', 'ok')).toBe('4 checks: 1 to mind, 1 can’t be asked, 2 fine')
})

it('one check is one check', () => {
  expect(of('ok')).toBe('1 check: 1 fine')
})
