import { ErrorWords } from '@/components/jobs/error-words'
import type { JobView } from '@/lib/jobs/types'
import { PageLink } from '@/components/page-link'
import { jobPagePath } from '@/components/paths'
import { Notice } from '@/components/ui/notice'

/** How a job ended: what it says, in the live region that fits. `linked`: its reader may go to the job's own page. */
export function JobOutcome({
  job,
  linked = true,
}: {
  job: Pick<JobView, 'id' | 'title' | 'status' | 'result' | 'differences' | 'error'> &
    Partial<Pick<JobView, 'offers'>>
  linked?: boolean
}) {
  if (job.status === 'succeeded') {
    return (
      <Notice tone={job.differences.length > 0 ? 'warn' : 'ok'} role="status">
        {job.differences.length > 0 && (
          <>
            <p className="font-medium">Done, but not as planned:</p>
            <ul className="mb-1 list-disc pl-5">
              {job.differences.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          </>
        )}
        {job.result.length > 0 ? (
          job.result.map((line) => <p key={line}>{line}</p>)
        ) : (
          <p>{job.title}: done.</p>
        )}
      </Notice>
    )
  }
  const tone = job.status === 'cancelled' ? 'warn' : 'danger'
  return (
    <Notice tone={tone} role={job.status === 'cancelled' ? 'status' : 'alert'}>
      <ErrorWords
        text={
          job.error ?? (job.status === 'cancelled' ? `${job.title}: cancelled.` : `${job.title}: failed.`)
        }
      />
      {job.result.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {linked && (
        <p className="mt-1">
          <PageLink href={jobPagePath(job.id)} className="underline max-sm:inline-block max-sm:py-2">
            What was done, step by step
          </PageLink>
          {(job.offers ?? []).length > 0 && ', and what can be done now'}
        </p>
      )}
    </Notice>
  )
}
