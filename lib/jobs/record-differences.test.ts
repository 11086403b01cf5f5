import { afterEach, beforeEach, expect, it } from 'vitest'
import { startJobRow } from '../shares/testing/job-row.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { updateJob } from './job-rows.ts'
import { readJob } from './read-jobs.ts'
import { recordDifferences } from './record-differences.ts'

let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
beforeEach(async () => {
  temporary = await openTemporaryStore()
  await startJobRow('j1')
})
afterEach(() => temporary.remove())

it('a done job shows where its outcome differs from its plan, each once', async () => {
  await recordDifferences('j1', 1, ['a stays.'])
  await recordDifferences('j1', 1, ['a stays.', 'b stays.'])
  expect((await readJob('j1'))!.differences).toEqual([])
  await updateJob('j1', { status: 'succeeded', ended_at_ms: 2 })
  expect((await readJob('j1'))!.differences).toEqual(['a stays.', 'b stays.'])
})

it('a later run begins without those of the run before, and none are none', async () => {
  await recordDifferences('j1', 1, ['a stays.'])
  await updateJob('j1', { run: 2, status: 'succeeded', ended_at_ms: 2 })
  await recordDifferences('j1', 2, [])
  expect((await readJob('j1'))!.differences).toEqual([])
})
