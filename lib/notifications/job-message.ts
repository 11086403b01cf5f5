import type { JobKind, JobStatus } from '../jobs/types.ts'
import { LINES_MAXIMUM, SINGLE_MESSAGES_MAXIMUM } from './limits.ts'
import { jobAddress, jobsAddress } from './page-addresses.ts'
import { line } from './shorten.ts'
import type { Message } from './types.ts'

/** A job that failed or waits, as it was then. */
export interface ToldJob {
  id: string
  kind: string
  host: string
  vmUuid: string
  /** "" for a job on files of no VM. */
  vmName: string
  title: string
  by: string
  /** succeeded: it is done, but its outcome differs from what its plan said; `error` says how. */
  status: 'failed' | 'waiting' | 'succeeded'
  error: string | null
}

const ERROR_MAXIMUM = 1_000
const WHAT_TO_DO: Record<ToldJob['status'], string> = {
  failed: 'Its page tells how far it came, and what can be done now.',
  succeeded: 'Look at it before you rely on it.',
  waiting: 'Choose on its page how it goes on: until then no other job works on this VM.',
}
const SAID: Record<ToldJob['status'], string> = {
  failed: 'failed',
  waiting: 'waits for a decision',
  succeeded: 'is done, but not as planned',
}

export const placeOf = (job: Pick<ToldJob, 'host' | 'vmName'>): string =>
  job.vmName === '' ? job.host : `${job.vmName} on ${job.host}`

/** A message for each; for many at once one for all. Pure. */
export function jobMessages(jobs: readonly ToldJob[], atMs: number): Message[] {
  if (jobs.length === 0) return []
  return jobs.length > SINGLE_MESSAGES_MAXIMUM ? [ofMany(jobs, atMs)] : jobs.map((job) => ofOne(job, atMs))
}

const vmsOf = (jobs: readonly ToldJob[]) => [
  ...new Map(
    jobs
      .filter((job) => job.vmUuid !== '')
      .map((job) => [
        `${job.host}/${job.vmUuid}`,
        {
          host: job.host,
          name: job.vmName,
          uuid: job.vmUuid,
          protection: null,
          before: null,
          sentence: null,
        },
      ]),
  ).values(),
]
const jobOf = (job: ToldJob) => ({
  id: job.id,
  kind: job.kind as JobKind,
  title: job.title,
  status: job.status satisfies JobStatus,
  error: job.error,
})

function ofOne(job: ToldJob, atMs: number): Message {
  return {
    event: job.status === 'waiting' ? 'job-waiting' : 'job-failed',
    atMs,
    level: job.status === 'succeeded' ? 'attention' : 'bad',
    title: line(`${placeOf(job)}: “${job.title}” ${SAID[job.status]}`, 200),
    text: `${line(job.error ?? 'Nothing is known of why.', ERROR_MAXIMUM)} ${WHAT_TO_DO[job.status]}`,
    path: jobAddress(job.id),
    vms: vmsOf([job]),
    jobs: [jobOf(job)],
    counts: null,
  }
}

function saidOfAll(jobs: readonly ToldJob[]): string {
  if (jobs.every((job) => job.status === 'failed')) return 'failed'
  if (jobs.every((job) => job.status === 'waiting')) return 'wait for a decision'
  if (jobs.every((job) => job.status === 'succeeded')) return 'are done, but not as planned'
  return jobs.some((job) => job.status === 'succeeded') ? 'need a look' : 'failed or wait for a decision'
}

function ofMany(jobs: readonly ToldJob[], atMs: number): Message {
  const lines = jobs
    .slice(0, LINES_MAXIMUM)
    .map((job) =>
      `${placeOf(job)}: “${job.title}” ${SAID[job.status]}. ${line(job.error ?? '', ERROR_MAXIMUM / 4)}`.trim(),
    )
  return {
    event: jobs.every((job) => job.status === 'waiting') ? 'job-waiting' : 'job-failed',
    atMs,
    level: 'bad',
    title: `${jobs.length} jobs ${saidOfAll(jobs)}`,
    text: [
      ...lines,
      ...(jobs.length > LINES_MAXIMUM ? [`And ${jobs.length - LINES_MAXIMUM} more.`] : []),
    ].join('\n'),
    path: jobsAddress(),
    vms: vmsOf(jobs),
    jobs: jobs.map(jobOf),
    counts: null,
  }
}
