'use client'

import { useState } from 'react'
import type { BlockJobView } from '@/lib/hosts/types'
import type { JobView } from '@/lib/jobs/types'
import { ForeignJob } from '@/components/jobs/foreign-job'
import { isFollowed } from '@/components/jobs/followed-jobs'
import { KeyframeJob } from '@/components/jobs/keyframe-job'
import { JobOutcome } from '@/components/jobs/job-outcome'
import { useLive } from '@/components/live/live-provider'
import { Button } from '@/components/ui/button'
import type { VmActs } from '@/components/vm/vm-acts'

interface Props {
  host: string
  vmUuid: string
  /** Unfinished ones, as the server read them. */
  jobs: JobView[]
  blockJobs: BlockJobView[]
  acts: VmActs
}

/**
 * The VM's running jobs, moved by events. What an event told wins over what the server rendered: a page that is read again
 * may be on its way from before the event, and whatever changes after it has an event of its own.
 */
export function JobsNow({ host, vmUuid, jobs: readJobs, blockJobs: readBlockJobs, acts }: Props) {
  const [told, setTold] = useState<ReadonlyMap<string, JobView>>(new Map())
  const [toldBlock, setToldBlock] = useState<BlockJobView[] | null>(null)
  const [ended, setEnded] = useState<JobView | null>(null)
  const jobs = [
    ...new Map([...readJobs.map((job): [string, JobView] => [job.id, job]), ...told]).values(),
  ].filter((job) => job.endedAtMs === null)
  const blockJobs = toldBlock ?? readBlockJobs
  useLive((event) => {
    if (event.type === 'reload') {
      setTold(new Map())
      setToldBlock(null)
    }
    if (event.type === 'block-jobs' && event.host === host && event.vmUuid === vmUuid)
      setToldBlock(event.jobs)
    if (event.type !== 'job' || event.job.host !== host || event.job.vmUuid !== vmUuid) return
    setTold((before) => new Map([...before, [event.job.id, event.job]]))
    if (event.job.endedAtMs !== null && !isFollowed(event.job.id)) setEnded(event.job)
  })
  const foreign = blockJobs.filter((each) => !jobs.some((job) => job.id === each.jobId))
  return (
    <section
      aria-labelledby="jobs-now"
      className={jobs.length + foreign.length === 0 && ended === null ? 'sr-only' : 'flex flex-col gap-2'}
    >
      <h2 id="jobs-now" className="font-semibold">
        Jobs
      </h2>
      {ended && (
        <div className="flex items-start gap-2">
          <div className="min-w-0 flex-1">
            <JobOutcome job={ended} />
          </div>
          <Button variant="quiet" size="small" onClick={() => setEnded(null)}>
            Dismiss
          </Button>
        </div>
      )}
      <ul className="flex flex-col gap-2">
        {jobs.map((job) => (
          <KeyframeJob
            key={job.id}
            job={job}
            blockJobs={blockJobs.filter((each) => each.jobId === job.id)}
            acts={acts}
          />
        ))}
        {foreign.map((job) => (
          <ForeignJob key={job.target} job={job} acts={acts} />
        ))}
      </ul>
    </section>
  )
}
