import type { ReactNode } from 'react'
import type { BlockJobView } from '@/lib/hosts/types'
import { formatBytes, formatRate } from '@/components/format-bytes'
import { formatDuration } from '@/components/format-time'
import { blockJobLabel } from '@/components/jobs/block-job-label'
import { ProgressBar } from '@/components/ui/progress-bar'

type Progress = Omit<BlockJobView, 'host' | 'vmUuid' | 'vmName' | 'bandwidthBytesPerSecond' | 'firstSeenMs'>

/** How far a block job is, and at what rate. Every figure has its place from the start, so that nothing jumps. */
export function BlockJobProgress({ job, children }: { job: Progress; children?: ReactNode }) {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <div className="flex flex-wrap items-baseline gap-x-3 text-[13px]">
        <span className="font-medium">{blockJobLabel(job)}</span>
        <span className="ml-auto w-12 text-right font-medium">
          {job.percent === null ? '–' : `${Math.floor(job.percent)} %`}
        </span>
      </div>
      <ProgressBar label={blockJobLabel(job)} percent={job.percent} />
      <div className="flex flex-wrap gap-x-4 text-[13px] text-muted">
        <span>
          {job.endBytes > 1
            ? `${formatBytes(job.currentBytes)} of ${formatBytes(job.endBytes)}`
            : 'size not known yet'}
        </span>
        <span>{formatRate(job.bytesPerSecond)}</span>
        <span>{timeLeft(job)}</span>
        {children}
      </div>
    </div>
  )
}

function timeLeft({ ready, secondsLeft }: Progress): string {
  if (ready) return 'in step, waits for its pivot'
  return secondsLeft === null ? 'time left not known yet' : `${formatDuration(secondsLeft)} left`
}
