'use client'

import type { SharedBlockJob, SharedJob } from '@/lib/shares/types'
import { BlockJobProgress } from '@/components/jobs/block-job-progress'
import { SharedProgress, useSharedProgress } from '@/components/shares/shared-progress'

/** The running jobs of a shared VM. */
export function SharedJobsNow({ jobs, blockJobs: read }: { jobs: SharedJob[]; blockJobs: SharedBlockJob[] }) {
  const { blockJobs, percentOf } = useSharedProgress(read)
  const foreign = blockJobs.filter((each) => !jobs.some((job) => job.id === each.jobId))
  return (
    <section
      aria-labelledby="jobs-now"
      className={jobs.length + foreign.length === 0 ? 'sr-only' : 'flex flex-col gap-2'}
    >
      <h2 id="jobs-now" className="font-semibold">
        Jobs
      </h2>
      <ul className="flex flex-col gap-2">
        {jobs.map((job) => (
          <li
            key={job.id}
            className="flex flex-col gap-2 rounded-lg border border-line bg-surface px-3 py-2.5 sm:px-4"
          >
            <p className="flex flex-wrap items-baseline gap-x-3">
              <span className="min-w-0 font-medium break-names">{job.title}</span>
              {job.note && <span className="text-[13px] break-names text-muted">{job.note}</span>}
            </p>
            {job.status === 'waiting' ? (
              <p className="text-sm text-warn">It waits for a decision.</p>
            ) : (
              <SharedProgress
                job={job}
                percent={percentOf(job)}
                blockJobs={blockJobs.filter((each) => each.jobId === job.id)}
              />
            )}
          </li>
        ))}
        {foreign.map((job) => (
          <li key={job.target} className="rounded-lg border border-line bg-surface px-3 py-2.5 sm:px-4">
            <BlockJobProgress job={job} />
          </li>
        ))}
      </ul>
    </section>
  )
}
