import { PageLink } from '@/components/page-link'
import type { JobView } from '@/lib/jobs/types'
import { JobState } from '@/components/jobs/job-state'
import { hostCheckPath, jobPagePath, vmPath } from '@/components/paths'
import { formatDuration } from '@/components/format-time'
import { When } from '@/components/when'

/** Jobs of all VMs, a row each. */
export function JobRows({ title, jobs, empty }: { title: string; jobs: JobView[]; empty: string }) {
  return (
    <section aria-label={title} className="flex min-w-0 flex-col gap-2">
      <h2 className="font-semibold">{title}</h2>
      {jobs.length === 0 ? (
        <p className="text-sm text-muted">{empty}</p>
      ) : (
        <ul className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
          {jobs.map((job) => (
            <li key={job.id} className="px-3 py-2 sm:px-4">
              <div className="flex flex-wrap items-baseline gap-x-3">
                <PageLink
                  href={jobPagePath(job.id)}
                  className="min-w-0 font-medium break-names hover:underline max-sm:py-2"
                >
                  {job.title}
                </PageLink>
                <PageLink
                  href={job.vmUuid === '' ? hostCheckPath(job.host) : vmPath(job.host, job.vmName)}
                  className="break-names text-accent hover:underline max-sm:py-2"
                >
                  {job.vmName}
                </PageLink>
                <JobState job={job} />
                <span className="text-[13px] text-muted">
                  <When ms={job.createdAtMs} />
                  {job.endedAtMs !== null &&
                    ` · ${formatDuration((job.endedAtMs - job.createdAtMs) / 1000)}`}{' '}
                  · {job.by} · {job.host}
                </span>
              </div>
              {(job.note ?? job.error ?? job.differences[0] ?? null) !== null && (
                <p className="text-[13px] break-names text-muted">
                  {job.note ?? job.error ?? job.differences[0]}
                  {job.percent !== null && job.endedAtMs === null && ` · ${job.percent} %`}
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
