import { afterEach, beforeEach, expect, it } from 'vitest'
import { startJobRow } from '../shares/testing/job-row.ts'
import { store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { KEPT_LIMIT, updateJob } from './job-rows.ts'
import { keepForJob } from './keep-for-job.ts'
import { readJob } from './read-jobs.ts'

let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
beforeEach(async () => {
  temporary = await openTemporaryStore()
  await startJobRow('j1')
})
afterEach(() => temporary.remove())

it('what a saga and a page keep at the same time is all there, and the last of one name counts', async () => {
  await Promise.all([
    keepForJob('j1', 'started paused for "vda".x', true),
    keepForJob('j1', KEPT_LIMIT, 5),
    keepForJob('j1', 'name', 'web'),
  ])
  await keepForJob('j1', KEPT_LIMIT, 0)
  const { kept } = await store()
    .selectFrom('jobs')
    .select('kept')
    .where('id', '=', 'j1')
    .executeTakeFirstOrThrow()
  expect(JSON.parse(kept)).toEqual({ 'started paused for "vda".x': true, [KEPT_LIMIT]: 0, name: 'web' })
})

it('a job shows its limit while it runs, and none before it copies or after its end', async () => {
  expect((await readJob('j1'))!.limitBytesPerSecond).toBeNull()
  await keepForJob('j1', KEPT_LIMIT, 0)
  expect((await readJob('j1'))!.limitBytesPerSecond).toBe(0)
  await updateJob('j1', { status: 'succeeded', ended_at_ms: 2 })
  expect((await readJob('j1'))!.limitBytesPerSecond).toBeNull()
})
