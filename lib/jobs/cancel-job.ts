import 'server-only'
import { updateJob } from './job-rows.ts'
import { readJob } from './read-jobs.ts'
import { Refusal } from './refusal.ts'

/** Asks a job to end. It does so itself, at a point where nothing is lost, and says how things stand then. */
export async function cancelJob(jobId: string): Promise<{ jobId: string }> {
  const job = await readJob(jobId)
  if (!job) throw new Refusal('There is no such job.')
  if (!job.canCancel) throw new Refusal(job.endedAtMs === null ? 'This job can’t be cancelled now: it is at a point where it must be finished.' : 'This job has ended already.')
  await updateJob(jobId, { cancel_requested: 1, note: 'Cancelling…' })
  return { jobId }
}
