'use client'

import { useState } from 'react'
import type { SharedBlockJob, SharedJob } from '@/lib/shares/types'
import { BlockJobProgress } from '@/components/jobs/block-job-progress'
import { useShareEvents } from '@/components/shares/share-live'
import { ProgressBar } from '@/components/ui/progress-bar'

/** How far jobs are, by events: what one told wins over what the server rendered, for a page that is read again may be on its way from before it. */
export function useSharedProgress(blockJobs: SharedBlockJob[]): {
  blockJobs: SharedBlockJob[]
  percentOf: (job: SharedJob) => number | null
} {
  const [toldBlock, setToldBlock] = useState<SharedBlockJob[] | null>(null)
  const [percents, setPercents] = useState<ReadonlyMap<string, number | null>>(new Map())
  useShareEvents((event) => {
    if (event.type === 'resumed') {
      setToldBlock(null)
      setPercents(new Map())
    }
    if (event.type === 'block-jobs') setToldBlock(event.jobs)
    if (event.type === 'progress') setPercents((before) => new Map([...before, [event.jobId, event.percent]]))
  })
  return { blockJobs: toldBlock ?? blockJobs, percentOf: (job) => percents.get(job.id) ?? job.percent }
}

/** The progress of one job: of its block jobs where it has some. */
export const SharedProgress = ({
  job,
  percent,
  blockJobs,
}: {
  job: SharedJob
  percent: number | null
  blockJobs: SharedBlockJob[]
}) =>
  blockJobs.length > 0 ? (
    blockJobs.map((each) => <BlockJobProgress key={each.target} job={each} />)
  ) : (
    <ProgressBar label={job.title} percent={percent} />
  )
