import { CircleCheck, CircleSlash, CircleX, Hourglass, type LucideIcon } from 'lucide-react'
import type { JobStatus, JobView } from '@/lib/jobs/types'
import { classNames } from '@/components/class-names'
import { formatDuration } from '@/components/format-time'
import { When } from '@/components/when'

const LOOKS: Record<JobStatus, { icon: LucideIcon; word: string; colour: string }> = {
  queued: { icon: Hourglass, word: 'queued', colour: 'text-muted' },
  running: { icon: Hourglass, word: 'running', colour: 'text-muted' },
  waiting: { icon: Hourglass, word: 'waiting', colour: 'text-warn' },
  succeeded: { icon: CircleCheck, word: 'done', colour: 'text-ok' },
  failed: { icon: CircleX, word: 'failed', colour: 'text-danger' },
  cancelled: { icon: CircleSlash, word: 'cancelled', colour: 'text-warn' },
}

/** Jobs that ended, the newest first, with what they said. */
export function PastJobs({ jobs }: { jobs: JobView[] }) {
  return (
    <section aria-labelledby="past-jobs" className="min-w-0">
      <h2 id="past-jobs" className="mb-2 font-semibold">Past jobs</h2>
      {jobs.length === 0 ? <p className="text-sm text-muted">None yet.</p> : (
        <ul className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
          {jobs.map((job) => <PastJob key={job.id} job={job} />)}
        </ul>
      )}
    </section>
  )
}

function PastJob({ job }: { job: JobView }) {
  const { icon: Icon, word, colour } = LOOKS[job.status]
  const lines = job.error === null ? job.result : [job.error, ...job.result]
  return (
    <li className="px-3 py-2 sm:px-4">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <span className="min-w-0 font-medium break-names">{job.title}</span>
        <span className={classNames('inline-flex items-center gap-1', colour)}><Icon aria-hidden="true" className="size-3.5 self-center" />{word}</span>
        <span className="text-[13px] text-muted"><When ms={job.createdAtMs} />{job.endedAtMs !== null && ` · ${formatDuration((job.endedAtMs - job.createdAtMs) / 1000)}`} · {job.by}</span>
      </div>
      {lines.map((line) => <p key={line} className="text-[13px] text-muted break-names">{line}</p>)}
    </li>
  )
}
