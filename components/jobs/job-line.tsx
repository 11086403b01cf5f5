import type { JobView } from '@/lib/jobs/types'
import { formatDuration } from '@/components/format-time'
import { JobState } from '@/components/jobs/job-state'
import { PageLink } from '@/components/page-link'
import { jobPagePath } from '@/components/paths'
import { When } from '@/components/when'

/** A job in a list: its link, how it stands, when it was, how long it took, and whose it is. */
export function JobLine({ job, name }: { job: JobView; name: string }) {
  return (
    <p className="flex flex-wrap items-baseline gap-x-3">
      <PageLink
        href={jobPagePath(job.id)}
        className="min-w-0 font-medium break-names hover:underline max-sm:py-2"
      >
        {name}
      </PageLink>
      <JobState job={job} />
      <span className="text-[13px] text-muted">
        <When ms={job.createdAtMs} />
        {job.endedAtMs !== null && ` · ${formatDuration((job.endedAtMs - job.createdAtMs) / 1000)}`} ·{' '}
        {job.by}
      </span>
    </p>
  )
}
