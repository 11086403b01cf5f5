import { expect, it } from 'vitest'
import { roleWords } from './role-words.ts'

it('names all that a role may do, not what it adds to another', () => {
  expect(roleWords('viewer')).toBe('sees everything, changes nothing')
  expect(roleWords('admin')).toBe(
    'sees everything; takes, merges, reverts and deletes snapshots, starts and stops VMs, repairs, backs up, restores, makes share links; manages users, backup targets and notifications, and reads the audit log',
  )
})
