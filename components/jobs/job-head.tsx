'use client'

import type { JobView } from '@/lib/jobs/types'
import { BlockJobProgress } from '@/components/jobs/block-job-progress'
import { JobControls } from '@/components/jobs/job-controls'
import { JobOutcome } from '@/components/jobs/job-outcome'
import { JobState } from '@/components/jobs/job-state'
import { useJob } from '@/components/jobs/use-job'
import { WaysOut } from '@/components/jobs/ways-out'
import { useWatch } from '@/components/live/live-provider'
import { ProgressBar } from '@/components/ui/progress-bar'
import { Notice } from '@/components/ui/notice'
import { Instant } from '@/components/instant'
import { formatInstant } from '@/components/format-time'
import type { VmActs } from '@/components/vm/vm-acts'

/** What a job is, how it stands, and what can be done: moved by events. */
export function JobHead({ job: read, acts }: { job: JobView; acts: VmActs }) {
  useWatch(read.host, read.vmUuid)
  const { job, blockJobs } = useJob(read.id, read)
  const now = job ?? read
  return (
    <header className="flex flex-col gap-3">
      <div>
        <h1 className="text-xl font-semibold break-names">{now.title}</h1>
        <p className="flex flex-wrap items-baseline gap-x-3 text-sm">
          <JobState job={now} />
          <span className="text-muted">
            begun by {now.by}, <Instant ms={now.createdAtMs} server={formatInstant(now.createdAtMs)} />
          </span>
        </p>
      </div>
      {now.status === 'waiting' && (
        <Notice tone="warn" role="alert">
          <p>{now.error}</p>
          <p className="mt-1">It keeps its hold on the VM until a way out is chosen.</p>
        </Notice>
      )}
      {now.endedAtMs === null && now.status !== 'waiting' && (
        <div className="flex flex-col gap-2">
          <p role="status" className="text-sm">
            {now.note ?? 'Under way'}
          </p>
          {blockJobs.length > 0 ? (
            blockJobs.map((each) => <BlockJobProgress key={each.target} job={each} />)
          ) : (
            <ProgressBar label={now.title} percent={now.percent} />
          )}
          <JobControls job={now} blockJobs={blockJobs} acts={acts} />
        </div>
      )}
      {now.endedAtMs !== null && <JobOutcome job={now} />}
      <WaysOut job={now} acts={acts} />
    </header>
  )
}
