import { expect, test } from 'vitest'
import { checkLook } from './check-looks.ts'

test.each([
  ['good', false, 'good'],
  ['good', true, 'can’t be restored'],
  ['unchecked', true, 'can’t be restored'],
  ['damaged', true, 'damaged'],
] as const)('checked as %s, faulty: %s', (check, isFaulty, word) => {
  expect(checkLook({ check, isFaulty }).word).toBe(word)
})
