import type { Metadata } from 'next'
import { requireUser } from '@/lib/access/require-user'
import { readJobs } from '@/lib/jobs/read-jobs'
import { JobRows } from '@/components/jobs/job-rows'
import { RefreshOnAnyJob } from '@/components/live/refresh-on-change'

const PAST_SHOWN = 100

export const metadata: Metadata = { title: 'Jobs · Keyframe' }

export default async function JobsPage() {
  await requireUser('job.list')
  const [unfinished, past] = await Promise.all([
    readJobs({ unfinished: true, limit: 1_000 }),
    readJobs({ unfinished: false, limit: PAST_SHOWN }),
  ])
  const stopped = unfinished.filter((job) => job.status === 'waiting').length
  return (
    <main tabIndex={-1} className="mx-auto flex max-w-4xl flex-col gap-5 px-4 py-5 outline-none">
      <RefreshOnAnyJob />
      <div className="flex flex-wrap items-center gap-x-4">
        <h1 className="text-xl font-semibold">Jobs</h1>
        <p className="text-sm text-muted">
          {unfinished.length === 0 ? 'none runs now' : `${unfinished.length} unfinished`}
          {stopped > 0 && (
            <>
              {' '}
              ·{' '}
              <span className="font-medium text-warn">
                {stopped} {stopped === 1 ? 'waits' : 'wait'} for a decision
              </span>
            </>
          )}
        </p>
      </div>
      <JobRows title="Now" jobs={unfinished} empty="Nothing runs or waits." />
      <JobRows title="Past" jobs={past} empty="None yet." />
    </main>
  )
}
