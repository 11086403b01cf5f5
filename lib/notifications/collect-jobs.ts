import 'server-only'
import { differencesIn } from '../jobs/kept-differences.ts'
import { store } from '../store/store.ts'
import { jobMessages, type ToldJob } from './job-message.ts'
import { enqueue } from './outbox.ts'

const PROGRESS = 'job-ends'
const SUBJECT = 'job:'
const SHOWN = [
  'jobs.id',
  'jobs.kind',
  'jobs.host',
  'jobs.vm_uuid as vmUuid',
  'jobs.vm_name as vmName',
  'jobs.title',
  'jobs.by',
] as const

/**
 * Puts the jobs that failed since the last look, and those that came to wait for a person, into the outboxes. What ended is read from
 * audit_job_ends, which a trigger writes together with each end, whichever code ended the job: none is missed, and none told twice.
 */
export async function collectJobs(nowMs: number): Promise<void> {
  await store()
    .transaction()
    .execute(async (transaction) => {
      const { value: seen } = await transaction
        .selectFrom('notification_progress')
        .select('value')
        .where('name', '=', PROGRESS)
        .executeTakeFirstOrThrow()
      const ends = await transaction
        .selectFrom('audit_job_ends')
        .innerJoin('jobs', 'jobs.id', 'audit_job_ends.job_id')
        .select([
          ...SHOWN,
          'audit_job_ends.id as endId',
          'audit_job_ends.status as status',
          'audit_job_ends.sentence as error',
          'jobs.kept',
          'jobs.run',
        ])
        .where('audit_job_ends.id', '>', seen)
        .orderBy('audit_job_ends.id')
        .execute()
      if (ends.length > 0)
        await transaction
          .updateTable('notification_progress')
          .set({ value: ends.at(-1)!.endId })
          .where('name', '=', PROGRESS)
          .execute()
      const ended = ends.flatMap(toTold)

      const told = new Set(
        (
          await transaction
            .selectFrom('notification_told')
            .select('subject')
            .where('subject', 'like', `${SUBJECT}%`)
            .execute()
        ).map((row) => row.subject),
      )
      const waiting: (ToldJob & { subject: string })[] = []
      for (const { run, ...job } of await transaction
        .selectFrom('jobs')
        .select([...SHOWN, 'jobs.run', 'jobs.error'])
        .where('status', '=', 'waiting')
        .orderBy('created_at_ms')
        .execute()) {
        const subject = `${SUBJECT}${job.id}:${run}`
        if (told.delete(subject)) continue
        waiting.push({ ...job, status: 'waiting', subject })
        await transaction
          .insertInto('notification_told')
          .values({ subject, state: 'waiting', reason: null })
          .execute()
      }
      for (const subject of told)
        await transaction.deleteFrom('notification_told').where('subject', '=', subject).execute()

      const listening = (
        await transaction
          .selectFrom('notification_channels')
          .select('id')
          .where('hears_jobs', '=', 1)
          .execute()
      ).map((row) => row.id)
      const keys = new Map<string, string>([
        ...ended.map((end) => [end.id, `job:end:${end.endId}`] as const),
        ...waiting.map((job) => [job.id, job.subject] as const),
      ])
      for (const message of jobMessages([...ended, ...waiting], nowMs))
        await enqueue(
          transaction,
          listening,
          message.jobs.length === 1
            ? keys.get(message.jobs[0]!.id)!
            : `jobs:many:${ends.at(-1)?.endId ?? nowMs}`,
          message,
        )
    })
}

/** An end that somebody should hear of: the job failed, or it is done otherwise than planned. */
function toTold({
  kept,
  run,
  status,
  ...end
}: Omit<ToldJob, 'status'> & JobEnd): (ToldJob & { endId: number })[] {
  if (status === 'failed') return [{ ...end, status }]
  const differences = status === 'succeeded' ? differencesIn({ kept, run }) : []
  return differences.length > 0 ? [{ ...end, status: 'succeeded', error: differences.join(' ') }] : []
}

interface JobEnd {
  endId: number
  status: string
  kept: string
  run: number
}

/** Jobs that failed since an instant, newest first. */
export async function readFailedJobs(sinceMs: number): Promise<(ToldJob & { endedAtMs: number })[]> {
  const rows = await store()
    .selectFrom('audit_job_ends')
    .innerJoin('jobs', 'jobs.id', 'audit_job_ends.job_id')
    .select([...SHOWN, 'audit_job_ends.at_ms as endedAtMs', 'audit_job_ends.sentence as error'])
    .where('audit_job_ends.status', '=', 'failed')
    .where('audit_job_ends.at_ms', '>=', sinceMs)
    .orderBy('audit_job_ends.id', 'desc')
    .execute()
  return rows.map((row) => ({ ...row, status: 'failed' }))
}
