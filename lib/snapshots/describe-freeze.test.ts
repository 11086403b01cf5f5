import { expect, it } from 'vitest'
import { describeFreeze } from './describe-freeze.ts'

it('says for how long how many file systems were frozen', () => {
  expect(describeFreeze({ frozen: true, atMostMs: 80, fileSystems: 1 })).toBe(
    'The guest was frozen for at most 80 ms, 1 file system, and is thawed.',
  )
  expect(describeFreeze({ frozen: true, atMostMs: 80, fileSystems: 0 })).toMatch(/0 file systems/)
})

it('N17: says that nobody knows how many, where the agent can’t list them', () => {
  expect(describeFreeze({ frozen: true, atMostMs: 80, fileSystems: null })).toBe(
    'The guest was frozen for at most 80 ms, and is thawed; how many file systems is not known.',
  )
})

it('N17: does not call a guest thawed whose agent reported an error at the thaw, and quotes it', () => {
  const said = describeFreeze({ frozen: true, atMostMs: 80, fileSystems: 2, thawError: 'hook failed' })
  expect(said).toMatch(/frozen \(2 file systems\).*reported: hook failed\./)
  expect(said).not.toMatch(/is thawed|80 ms/)
})
