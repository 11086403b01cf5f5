import { expect, it } from 'vitest'
import { adoptRefusal } from './adopt-backups.ts'
import type { ForeignBackup } from './foreign-backups.ts'

const NOW_MS = Date.UTC(2026, 10, 29)
const backup = (id: string, change: Partial<ForeignBackup> = {}): ForeignBackup => ({
  id,
  vmUuid: 'vm',
  vmName: 'db',
  madeOn: 'lab',
  createdAtMs: NOW_MS,
  kind: 'full',
  parentId: null,
  bytes: 1,
  demands: [],
  ...change,
})
const refusal = (
  chosen: ForeignBackup[],
  known: { id: string; vmUuid: string }[] = [],
  confirmed: string[] = [],
) => adoptRefusal(chosen, known, new Set(confirmed), NOW_MS)

it('foreign backups are adopted with all that they rest on, of the same VM', () => {
  expect(refusal([backup('full'), backup('next', { parentId: 'full' })])).toBeNull()
  expect(refusal([backup('next', { parentId: 'own' })], [{ id: 'own', vmUuid: 'vm' }])).toBeNull()
  expect(refusal([backup('next', { parentId: 'full' })])).toMatch(/rests on full: adopt that one, too/)
  expect(refusal([backup('next', { parentId: 'own' })], [{ id: 'own', vmUuid: 'other' }])).toMatch(
    /rests on a backup of another VM/,
  )
  expect(refusal([backup('a', { parentId: 'b' }), backup('b', { parentId: 'a' })])).toMatch(
    /rests on itself, by way of others/,
  )
})

it('none that is still to come, or whose configuration can’t be read, or asks for what nobody confirmed', () => {
  expect(refusal([backup('later', { createdAtMs: NOW_MS + 25 * 3_600_000 })])).toMatch(/still to come/)
  expect(refusal([backup('soon', { createdAtMs: NOW_MS + 3_600_000 })])).toBeNull()
  expect(refusal([backup('odd', { demands: null })])).toMatch(/can’t be read/)
  const demands = [{ key: 'k', what: 'a shared folder (/etc)', outcome: 'left out' as const }]
  expect(refusal([backup('asks', { demands })])).toMatch(
    /Not confirmed: A shared folder \(\/etc\): left out\./,
  )
  expect(refusal([backup('asks', { demands })], [], ['k'])).toBeNull()
})
