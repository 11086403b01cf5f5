'use client'

import { useEffect, useState } from 'react'
import type { BlockJobView } from '@/lib/hosts/types'
import type { JobView } from '@/lib/jobs/types'
import { getJson } from '@/components/dialogs/use-get'
import { useLive } from '@/components/live/live-provider'
import { jobPath } from '@/components/paths'

/** Between two looks where no event came: the stream may be down. */
const LOOK_EVERY_MS = 1_000

/** A Keyframe job as it moves, by events and, should they not come, by asking. null until the first answer. */
export function useJob(
  jobId: string,
  known: JobView | null = null,
  lookEveryMs = LOOK_EVERY_MS,
): { job: JobView | null; blockJobs: BlockJobView[] } {
  const [job, setJob] = useState<JobView | null>(known)
  const [blockJobs, setBlockJobs] = useState<BlockJobView[]>([])
  const ended = job !== null && job.endedAtMs !== null
  useLive((event) => {
    if (event.type === 'job' && event.job.id === jobId) setJob(event.job)
    if (event.type === 'block-jobs' && job && event.host === job.host && event.vmUuid === job.vmUuid)
      setBlockJobs(event.jobs.filter((each) => each.jobId === jobId))
  })
  useEffect(() => {
    if (ended) return
    const abort = new AbortController()
    const look = () => {
      getJson(jobPath(jobId), abort.signal).then(
        // An answer that was under way while the end was told must not bring the job back to life.
        (next) => {
          if (!abort.signal.aborted) setJob((now) => (now !== null && now.endedAtMs !== null ? now : next))
        },
        () => undefined,
      )
    }
    look()
    const timer = setInterval(look, lookEveryMs)
    return () => {
      clearInterval(timer)
      abort.abort()
    }
  }, [jobId, ended, lookEveryMs])
  return { job, blockJobs }
}
