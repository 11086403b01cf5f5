import { PageLink } from '@/components/page-link'
import type { JobView } from '@/lib/jobs/types'
import { JobState } from '@/components/jobs/job-state'
import { jobPagePath } from '@/components/paths'
import { formatDuration } from '@/components/format-time'
import { When } from '@/components/when'

/** Jobs that ended, the newest first, with what they said. */
export function PastJobs({ jobs }: { jobs: JobView[] }) {
  return (
    <section aria-labelledby="past-jobs" className="min-w-0">
      <h2 id="past-jobs" className="mb-2 font-semibold">
        Past jobs
      </h2>
      {jobs.length === 0 ? (
        <p className="text-sm text-muted">None yet.</p>
      ) : (
        <ul className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
          {jobs.map((job) => (
            <PastJob key={job.id} job={job} />
          ))}
        </ul>
      )}
    </section>
  )
}

function PastJob({ job }: { job: JobView }) {
  const lines = job.error === null ? job.result : [job.error, ...job.result]
  return (
    <li className="px-3 py-2 sm:px-4">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <PageLink
          href={jobPagePath(job.id)}
          className="min-w-0 font-medium break-names hover:underline max-sm:py-2"
        >
          {job.title}
        </PageLink>
        <JobState status={job.status} />
        <span className="text-[13px] text-muted">
          <When ms={job.createdAtMs} />
          {job.endedAtMs !== null && ` · ${formatDuration((job.endedAtMs - job.createdAtMs) / 1000)}`} ·{' '}
          {job.by}
        </span>
      </div>
      {lines.map((line) => (
        <p key={line} className="text-[13px] text-muted break-names">
          {line}
        </p>
      ))}
    </li>
  )
}
