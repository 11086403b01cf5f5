import 'server-only'
import { store } from '../store/store.ts'
import { engine, startWorker } from './engine.ts'
import { updateJob, UNFINISHED } from './job-rows.ts'
import { runSaga, type JobErrors } from './run-saga.ts'
import type { Saga } from './saga.ts'
import { enqueue } from './start-job.ts'

/**
 * Registers every saga, takes up what the last process left unfinished, and starts the worker.
 */
export async function startJobs(sagas: readonly Saga<never>[], errors: JobErrors): Promise<void> {
  const { workflows } = engine()
  for (const saga of sagas as readonly Saga<unknown>[]) {
    workflows.implementWorkflow<{ jobId: string; input: unknown }, null>({ name: saga.kind, version: saga.version }, async ({ input, step }) => {
      await runSaga(saga, input.jobId, input.input, step, errors)
      return null
    })
  }
  // A crash between the row and the engine's run would leave a job that nobody runs.
  const left = await store().selectFrom('jobs').selectAll().where('status', 'in', [...UNFINISHED]).execute()
  for (const row of left) {
    const saga = sagas.find((each) => each.kind === row.kind)
    if (saga) await enqueue(row.id, saga.kind, saga.version, JSON.parse(row.input) as object)
    else await updateJob(row.id, { status: 'failed', ended_at_ms: Date.now(), error: `This version of Keyframe does not know jobs of the kind “${row.kind}”. Look at the VM’s chain and finish it by hand.` })
  }
  await startWorker()
}
