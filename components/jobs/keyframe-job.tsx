import type { BlockJobView } from '@/lib/hosts/types'
import type { JobView } from '@/lib/jobs/types'
import { BlockJobProgress } from '@/components/jobs/block-job-progress'
import { PageLink } from '@/components/page-link'
import { WaysOut } from '@/components/jobs/ways-out'
import { jobPagePath } from '@/components/paths'
import { JobControls } from '@/components/jobs/job-controls'
import { ProgressBar } from '@/components/ui/progress-bar'
import type { VmActs } from '@/components/vm/vm-acts'

/** A running job of Keyframe's own, with the block jobs that it began. */
export function KeyframeJob({
  job,
  blockJobs,
  acts,
}: {
  job: JobView
  blockJobs: BlockJobView[]
  acts: VmActs
}) {
  return (
    <li className="flex flex-col gap-2 rounded-lg border border-line bg-surface px-3 py-2.5 sm:px-4">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <PageLink
          href={jobPagePath(job.id)}
          className="min-w-0 font-medium break-names hover:underline max-sm:py-2"
        >
          {job.title}
        </PageLink>
        <span className="text-[13px] text-muted">
          by {job.by}
          {job.note && ` · ${job.note}`}
        </span>
      </div>
      {job.status === 'waiting' && (
        <p role="alert" className="text-sm break-names text-warn">
          {job.error}
        </p>
      )}
      {job.status !== 'waiting' &&
        (blockJobs.length > 0 ? (
          blockJobs.map((each) => <BlockJobProgress key={each.target} job={each} />)
        ) : (
          <ProgressBar label={job.title} percent={job.percent} />
        ))}
      <WaysOut job={job} acts={acts} />
      <JobControls job={job} blockJobs={blockJobs} acts={acts} />
    </li>
  )
}
