'use client'

import { useEffect, useRef, useState } from 'react'
import type { BlockJobView } from '@/lib/hosts/types'
import type { JobView } from '@/lib/jobs/types'
import { getJson } from '@/components/dialogs/use-get'
import { useConnected, useLive } from '@/components/live/live-provider'
import { jobPath } from '@/components/paths'

/** Between two looks while the event stream is down. */
const LOOK_EVERY_MS = 1_000
/** While it is up, events tell; a look from time to time costs little, should one be lost. */
const CONNECTED_LOOK_EVERY_MS = 10_000

/** A Keyframe job as it moves, by events and, should they not come, by asking. null until the first answer. */
export function useJob(
  jobId: string,
  known: JobView | null = null,
  lookEveryMs = LOOK_EVERY_MS,
): { job: JobView | null; blockJobs: BlockJobView[] } {
  const [job, setJob] = useState<JobView | null>(known)
  const [blockJobs, setBlockJobs] = useState<BlockJobView[]>([])
  // How often events told of either: an answer that was asked for before the last of them is older than it.
  const told = useRef({ job: 0, blockJobs: 0 })
  const ended = job !== null && job.endedAtMs !== null
  const connected = useConnected()
  const everyMs = connected ? Math.max(lookEveryMs, CONNECTED_LOOK_EVERY_MS) : lookEveryMs
  useLive((event) => {
    if (event.type === 'job' && event.job.id === jobId) {
      told.current.job++
      setJob(event.job)
    }
    if (event.type !== 'block-jobs') return
    const own = event.jobs.filter((each) => each.jobId === jobId)
    // Before the first answer the VM is not known, but a block job names its job.
    if (own.length === 0 && !(job && event.host === job.host && event.vmUuid === job.vmUuid)) return
    told.current.blockJobs++
    setBlockJobs(own)
  })
  useEffect(() => {
    if (ended) return
    const abort = new AbortController()
    const look = () => {
      const before = { ...told.current }
      getJson(jobPath(jobId), abort.signal).then(
        (next) => {
          if (abort.signal.aborted) return
          if (before.job === told.current.job) setJob(next.job)
          if (before.blockJobs === told.current.blockJobs) setBlockJobs(next.blockJobs)
        },
        () => undefined,
      )
    }
    look()
    const timer = setInterval(look, everyMs)
    return () => {
      clearInterval(timer)
      abort.abort()
    }
  }, [jobId, ended, everyMs])
  return { job, blockJobs }
}
