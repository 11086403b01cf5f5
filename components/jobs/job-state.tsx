import {
  CircleCheck,
  CirclePause,
  CircleSlash,
  CircleX,
  Hourglass,
  LoaderCircle,
  TriangleAlert,
  type LucideIcon,
} from 'lucide-react'
import type { JobStatus } from '@/lib/jobs/types'
import { classNames } from '@/components/class-names'

const LOOKS: Record<JobStatus, { icon: LucideIcon; word: string; colour: string }> = {
  queued: { icon: Hourglass, word: 'queued', colour: 'text-muted' },
  running: { icon: LoaderCircle, word: 'running', colour: 'text-muted' },
  waiting: { icon: CirclePause, word: 'waits for a decision', colour: 'text-warn' },
  succeeded: { icon: CircleCheck, word: 'done', colour: 'text-ok' },
  failed: { icon: CircleX, word: 'failed', colour: 'text-danger' },
  cancelled: { icon: CircleSlash, word: 'cancelled', colour: 'text-warn' },
}

const NOT_AS_PLANNED = { icon: TriangleAlert, word: 'done, but not as planned', colour: 'text-warn' }

/** How a job stands, as a sign and a word. `differences`: where its outcome is not what its plan said. */
export function JobState({ job }: { job: { status: JobStatus; differences: readonly string[] } }) {
  const { icon: Icon, word, colour } = job.differences.length > 0 ? NOT_AS_PLANNED : LOOKS[job.status]
  return (
    <span className={classNames('inline-flex items-baseline gap-1', colour)}>
      <Icon aria-hidden="true" className="size-3.5 translate-y-0.5" />
      {word}
    </span>
  )
}
