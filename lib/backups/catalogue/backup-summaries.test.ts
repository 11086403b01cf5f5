import { afterAll, beforeAll, expect, it } from 'vitest'
import { store } from '../../store/store.ts'
import { openTemporaryStore } from '../../store/temporary-store.ts'
import { readBackupSummaries, readVmSummaries } from './backup-summaries.ts'

let data: Awaited<ReturnType<typeof openTemporaryStore>>
const add = (
  id: string,
  atMs: number,
  part: { parent?: string; check?: string; target?: string; vm?: string } = {},
) =>
  store()
    .insertInto('backups')
    .values({
      target_id: part.target ?? 't',
      id,
      host: 'lab',
      vm_uuid: part.vm ?? 'v',
      vm_name: 'db',
      method: 'checkpoint',
      kind: part.parent === undefined ? 'full' : 'increment',
      parent_id: part.parent ?? null,
      created_at_ms: atMs,
      took_ms: 1,
      bytes: 1,
      manifest: 'not read',
      check_status: part.check ?? 'good',
      checked_at_ms: null,
      check_note: null,
    })
    .execute()

beforeAll(async () => {
  data = await openTemporaryStore()
  await store()
    .insertInto('backup_targets')
    .values(
      ['t', 'u'].map((id) => ({
        id,
        host: 'lab',
        name: id,
        path: `/${id}`,
        quota_bytes: null,
        created_at_ms: 1,
      })),
    )
    .execute()
  await add('full', 1, { check: 'damaged' })
  await add('on-damaged', 2, { parent: 'full' })
  await add('above-it', 3, { parent: 'on-damaged' })
  await add('sound', 4)
  await add('on-sound', 5, { parent: 'sound', check: 'unchecked' })
  await add('on-gone', 6, { parent: 'removed' })
  // Its parent is there, but in another target.
  await add('carried', 7, { parent: 'sound', target: 'u' })
  await add('names-itself', 8, { parent: 'names-itself' })
  await add('of another VM', 9, { vm: 'w' })
})
afterAll(() => data.remove())

it('says of each of a VM’s backups whether it can be restored, by what is known of those below, without a manifest', async () => {
  const all = await readVmSummaries({ host: 'lab', vmUuid: 'v', limit: 100 })
  expect(all.map((backup) => [backup.id, backup.isFaulty])).toEqual([
    ['names-itself', true],
    ['carried', true],
    ['on-gone', true],
    ['on-sound', false],
    ['sound', false],
    ['above-it', true],
    ['on-damaged', true],
    ['full', true],
  ])
})

it('gives the newest so many; what they rest on counts though it is not among them', async () => {
  expect((await readVmSummaries({ host: 'lab', vmUuid: 'v', limit: 6 })).at(-1)).toMatchObject({
    id: 'above-it',
    isFaulty: true,
  })
  expect((await readBackupSummaries({ sinceMs: 8, limit: 10 })).map((backup) => backup.id)).toEqual([
    'of another VM',
    'names-itself',
  ])
})
