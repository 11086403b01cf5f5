import { expect, it } from 'vitest'
import { chooseCheck, type Checked } from './choose-check.ts'

const DAY_MS = 86_400_000
const NOW = 100 * DAY_MS
const backup = (
  id: string,
  check: Checked['check'],
  checkedDaysAgo: number | null,
  createdAtMs = 0,
): Checked => ({
  id,
  targetId: 't',
  host: 'lab',
  vmUuid: 'v',
  createdAtMs,
  check,
  checkedAtMs: checkedDaysAgo === null ? null : NOW - checkedDaysAgo * DAY_MS,
})
const chosen = (...backups: Checked[]) => chooseCheck(backups, [], NOW)?.id ?? null

it('chooseCheck takes the newest that was never checked, then the good one overdue the longest, never a damaged one', () => {
  expect(
    chosen(backup('a', 'unchecked', null, 1), backup('b', 'unchecked', null, 2), backup('c', 'good', 50)),
  ).toBe('b')
  expect(chosen(backup('a', 'good', 8), backup('b', 'good', 9), backup('c', 'damaged', 90))).toBe('b')
  expect(chosen(backup('a', 'good', 7))).toBe('a')
  expect(chosen(backup('a', 'good', 6.99), backup('c', 'damaged', 90))).toBeNull()
  expect(chosen()).toBeNull()
})
