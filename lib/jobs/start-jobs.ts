import 'server-only'
import type { Selectable } from 'kysely'
import type { Schema } from '../store/schema.ts'
import { store } from '../store/store.ts'
import { engine, runStatus, startWorker } from './engine.ts'
import type { UNFINISHED } from './job-rows.ts'
import { updateJob } from './job-rows.ts'
import { dispatch, enqueue, runKey } from './queue.ts'
import { runSaga, type JobErrors } from './run-saga.ts'
import type { Run } from './saga-context.ts'
import { registerSagas, sagaOf } from './saga-registry.ts'
import type { Saga } from './saga.ts'

/**
 * Registers every saga, takes up what the last process left unfinished, and starts the worker.
 */
export async function startJobs(sagas: readonly Saga<never>[], errors: JobErrors): Promise<void> {
  registerSagas(sagas)
  const { workflows } = engine()
  for (const saga of sagas as readonly Saga<unknown>[]) {
    workflows.implementWorkflow<Run<unknown>, null>(
      { name: saga.kind, version: saga.version },
      async ({ input, step }) => {
        await runSaga(saga, input, step, errors)
        return null
      },
    )
  }
  const left = await store()
    .selectFrom('jobs')
    .selectAll()
    .where('status', 'in', ['queued', 'running'] satisfies (typeof UNFINISHED)[number][])
    .where('begun_at_ms', 'is not', null)
    .execute()
  for (const row of left) await takeUp(row)
  await startWorker()
  await dispatch()
}

/** A crash between the row and the engine's run would leave a job that nobody runs; an upgrade one that nobody knows. */
async function takeUp(row: Selectable<Schema['jobs']>): Promise<void> {
  const saga = sagaOf(row.kind)
  if (saga?.version === row.version) {
    const status = runStatus(runKey(row))
    // The released lease brings a live run back; a run that broke off without writing its job's end is followed by another.
    if (status === 'live') return
    if (status === 'over') await updateJob(row.id, { run: row.run + 1 })
    return enqueue(status === 'over' ? { ...row, run: row.run + 1 } : row)
  }
  const convert = saga?.takesOver?.[row.version]
  if (saga && convert) {
    // A run of its own: its steps ask libvirt what the old version's steps have done.
    const input = JSON.stringify(convert(JSON.parse(row.input)))
    await updateJob(row.id, {
      version: saga.version,
      run: row.run + 1,
      input,
      note: 'Taken over from the version of Keyframe that began it',
    })
    return enqueue({ ...row, version: saga.version, run: row.run + 1, input })
  }
  await updateJob(row.id, {
    status: 'failed',
    ended_at_ms: Date.now(),
    can_cancel: 0,
    note: null,
    error: saga
      ? `It was begun by a Keyframe whose steps (version ${row.version}) this one can’t go on with. Nothing was done since. Look at the VM’s chain and its block jobs, and plan anew; or start the older Keyframe once more and let it finish.`
      : `This version of Keyframe does not know jobs of the kind “${row.kind}”. Nothing was done since. Look at the VM’s chain and its block jobs and finish it by hand, or start the newer Keyframe once more.`,
  })
}
