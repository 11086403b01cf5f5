import { expect, it } from 'vitest'
import { describeConsistency, describeFreeze } from './describe-freeze.ts'

it('says for how long how many file systems were frozen', () => {
  expect(describeFreeze({ frozen: true, atMostMs: 80, fileSystems: 1 })).toBe(
    'The guest was frozen for at most 80 ms, 1 file system, and is thawed.',
  )
})

it('a guest without a file system that can be frozen was not frozen, whatever its agent did', () => {
  expect(describeFreeze({ frozen: true, atMostMs: 58, fileSystems: 0 })).toBe(
    'No file system was frozen: the guest has none mounted that can be. The snapshot is crash-consistent: what a power cut would leave.',
  )
})

it('a VM that is off was not cut from its power: its disks are whole', () => {
  expect(describeFreeze({ frozen: false, reason: 'the VM is off.', vmOff: true })).toBe(
    'The VM is off: its disks are as it left them.',
  )
})

it('says why a running guest was not frozen, and what that means', () => {
  expect(describeFreeze({ frozen: false, reason: 'quiesce was off.' })).toBe(
    'The guest was not frozen: quiesce was off. The snapshot is crash-consistent: what a power cut would leave.',
  )
})

it('a backup is called a backup', () => {
  const freeze = { frozen: false, reason: 'quiesce was off.' } as const
  expect(describeConsistency(freeze, 'backup')).toMatch(/The backup is crash-consistent/)
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
