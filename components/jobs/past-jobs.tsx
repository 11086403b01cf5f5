import { ErrorWords } from '@/components/jobs/error-words'
import { JobLine } from '@/components/jobs/job-line'
import type { JobView } from '@/lib/jobs/types'

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
  return (
    <li className="px-3 py-2 sm:px-4">
      <JobLine job={job} name={job.title} />
      {job.error !== null && (
        <div className="text-[13px] text-muted break-names">
          <ErrorWords text={job.error} />
        </div>
      )}
      {job.result.map((line) => (
        <p key={line} className="text-[13px] text-muted break-names">
          {line}
        </p>
      ))}
    </li>
  )
}
