'use client'

import type { SharedBlockJob, SharedJob } from '@/lib/shares/types'
import { formatInstant } from '@/components/format-time'
import { Instant } from '@/components/instant'
import { JobOutcome } from '@/components/jobs/job-outcome'
import { JobState } from '@/components/jobs/job-state'
import { SharedProgress, useSharedProgress } from '@/components/shares/shared-progress'
import { Notice } from '@/components/ui/notice'

/** What a shared job is and how it stands. */
export function SharedJobHead({
  job,
  vmName,
  blockJobs: read,
}: {
  job: SharedJob
  vmName: string | null
  blockJobs: SharedBlockJob[]
}) {
  const { blockJobs, percentOf } = useSharedProgress(read)
  return (
    <header className="flex flex-col gap-3">
      <div>
        <p className="text-[13px] break-names text-muted">{vmName === null ? 'Job' : `Job of ${vmName}`}</p>
        <h1 className="text-xl font-semibold break-names">{job.title}</h1>
        <p className="flex flex-wrap items-baseline gap-x-3 text-sm">
          <JobState job={job} />
          <span className="text-muted">
            begun <Instant ms={job.createdAtMs} server={formatInstant(job.createdAtMs)} />
          </span>
        </p>
      </div>
      {job.status === 'waiting' && (
        <Notice tone="warn" role="status">
          {job.error}
        </Notice>
      )}
      {job.endedAtMs === null && job.status !== 'waiting' && (
        <div className="flex flex-col gap-2">
          <p role="status" className="text-sm">
            {job.note ?? 'Under way'}
          </p>
          <SharedProgress job={job} percent={percentOf(job)} blockJobs={blockJobs} />
        </div>
      )}
      {job.endedAtMs !== null && <JobOutcome job={job} linked={false} />}
    </header>
  )
}
