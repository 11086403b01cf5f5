import 'server-only'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import { toView, updateJob } from './job-rows.ts'
import { dispatch } from './queue.ts'
import { Refusal } from './refusal.ts'

/** Asks a job to end. It does so itself, at a point where nothing is lost, and says how things stand then. */
export async function cancelJob(jobId: string): Promise<{ jobId: string }> {
  const row = await store().selectFrom('jobs').selectAll().where('id', '=', jobId).executeTakeFirst()
  if (!row) throw new Refusal('There is no such job.')
  const job = toView(row)
  // Another one, or another click, was first.
  if (row.cancel_requested === 1 && row.can_cancel === 1) return { jobId }
  if (!job.canCancel)
    throw new Refusal(
      job.endedAtMs === null
        ? 'This job can’t be cancelled now: it is at a point where it must be finished.'
        : 'This job has ended already.',
    )
  // A job in the queue has done nothing yet; one that left it meanwhile is asked like any other.
  const queued = await store()
    .updateTable('jobs')
    .set({
      status: 'cancelled',
      ended_at_ms: Date.now(),
      can_cancel: 0,
      note: null,
      result: JSON.stringify(['Taken out of the queue. Nothing was done.']),
    })
    .where('id', '=', jobId)
    .where('status', '=', 'queued')
    .where('begun_at_ms', 'is', null)
    .returningAll()
    .executeTakeFirst()
  if (queued) {
    publish({ type: 'job', job: toView(queued) })
    await dispatch()
    return { jobId }
  }
  await updateJob(jobId, { cancel_requested: 1, note: 'Cancelling…' })
  return { jobId }
}
