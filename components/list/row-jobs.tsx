'use client'

import { useState } from 'react'
import type { BlockJobView } from '@/lib/hosts/types'
import { blockJobLabel } from '@/components/jobs/block-job-label'
import { useLive } from '@/components/live/live-provider'
import { ProgressBar } from '@/components/ui/progress-bar'

/** Block jobs of one VM in the list, moved by events: the page itself is not read again for them. */
export function RowJobs({
  host,
  vmUuid,
  initial,
}: {
  host: string
  vmUuid: string
  initial: BlockJobView[]
}) {
  // What an event told wins: the page that is read again may be on its way from before it.
  const [told, setTold] = useState<BlockJobView[] | null>(null)
  useLive((event) => {
    if (event.type === 'reload') setTold(null)
    if (event.type === 'block-jobs' && event.host === host && event.vmUuid === vmUuid) setTold(event.jobs)
  })
  const jobs = told ?? initial
  if (jobs.length === 0) return null
  return (
    <ul className="flex flex-col gap-1">
      {jobs.map((job) => (
        <li key={`${job.target} ${job.type}`} className="flex items-center gap-2 text-[13px]">
          <span className="whitespace-nowrap">{blockJobLabel(job)}</span>
          <ProgressBar label={blockJobLabel(job)} percent={job.percent} className="min-w-16" />
          <span className="w-10 text-right">{howFar(job)}</span>
        </li>
      ))}
    </ul>
  )
}

function howFar({ ready, percent }: BlockJobView): string {
  if (ready) return 'ready'
  return percent === null ? '–' : `${Math.floor(percent)} %`
}
