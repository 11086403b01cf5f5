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

/** The VM's running jobs, moved by events. What the server rendered later than the last event is newer and wins. */
export function JobsNow({ host, vmUuid, jobs: readJobs, blockJobs: readBlockJobs, acts }: Props) {
  const [told, setTold] = useState<{ over: JobView[]; jobs: JobView[] } | null>(null)
  const [toldBlock, setToldBlock] = useState<{ over: BlockJobView[]; jobs: BlockJobView[] } | null>(null)
  const [ended, setEnded] = useState<JobView | null>(null)
  const jobs = told && told.over === readJobs ? told.jobs : readJobs
  const blockJobs = toldBlock && toldBlock.over === readBlockJobs ? toldBlock.jobs : readBlockJobs
  useLive((event) => {
    if (event.type === 'block-jobs' && event.host === host && event.vmUuid === vmUuid) setToldBlock({ over: readBlockJobs, jobs: event.jobs })
    if (event.type !== 'job' || event.job.host !== host || event.job.vmUuid !== vmUuid) return
    const others = jobs.filter((job) => job.id !== event.job.id)
    const over = event.job.endedAtMs !== null
    setTold({ over: readJobs, jobs: over ? others : [event.job, ...others] })
    if (over && !isFollowed(event.job.id)) setEnded(event.job)
  })
  const foreign = blockJobs.filter((each) => !jobs.some((job) => job.id === each.jobId))
  return (
    <section aria-labelledby="jobs-now" className={jobs.length + foreign.length === 0 && ended === null ? 'sr-only' : 'flex flex-col gap-2'}>
      <h2 id="jobs-now" className="font-semibold">Jobs</h2>
      {ended && (
        <div className="flex items-start gap-2">
          <div className="min-w-0 flex-1"><JobOutcome job={ended} /></div>
          <Button variant="quiet" size="small" onClick={() => setEnded(null)}>Dismiss</Button>
        </div>
      )}
      <ul className="flex flex-col gap-2">
        {jobs.map((job) => <KeyframeJob key={job.id} job={job} blockJobs={blockJobs.filter((each) => each.jobId === job.id)} acts={acts} />)}
        {foreign.map((job) => <ForeignJob key={job.target} job={job} acts={acts} />)}
      </ul>
    </section>
  )
}
