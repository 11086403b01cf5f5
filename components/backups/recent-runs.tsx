import type { MadeRun } from '@/lib/schedules/backups-overview'
import type { ScheduleRun } from '@/lib/schedules/types'
import { RunPlot } from '@/components/backups/run-plot'
import { PageLink } from '@/components/page-link'
import { vmBackupsPath } from '@/components/paths'
import { JobLine } from '@/components/jobs/job-line'
import { When } from '@/components/when'

const SHOWN_RUNS = 20
const LIST = 'divide-y divide-line rounded-lg border border-line bg-surface text-sm'

/** The runs of the last day: first those that became no job, then the jobs, the newest first. */
export function RecentRuns({ made, unmade }: { made: readonly MadeRun[]; unmade: readonly ScheduleRun[] }) {
  return (
    <section aria-labelledby="runs" className="flex min-w-0 flex-col gap-2">
      <h2 id="runs" className="font-semibold">
        Runs of the last 24 hours
      </h2>
      {unmade.length > 0 && (
        <ul aria-label="Runs that were not made" className={LIST}>
          {unmade.slice(0, SHOWN_RUNS).map((run) => (
            <UnmadeRow key={run.id} run={run} />
          ))}
        </ul>
      )}
      {made.length === 0 && unmade.length === 0 ? (
        <p className="text-sm text-muted">None.</p>
      ) : (
        <ul aria-labelledby="runs" className={LIST}>
          {made.slice(0, SHOWN_RUNS).map((run) => (
            <MadeRow key={run.job.id} run={run} />
          ))}
        </ul>
      )}
      {made.length > SHOWN_RUNS && (
        <p className="text-[13px] text-muted">And {made.length - SHOWN_RUNS} before these.</p>
      )}
    </section>
  )
}

function UnmadeRow({ run }: { run: ScheduleRun }) {
  return (
    <li className="px-3 py-2 sm:px-4">
      <p>
        <PageLink
          href={vmBackupsPath(run.host, run.vmName)}
          className="font-medium break-names hover:underline max-sm:py-2"
        >
          {run.vmName}
        </PageLink>{' '}
        <span className={run.outcome === 'failed' ? 'text-danger' : 'text-warn'}>{run.outcome}</span>{' '}
        <span className="text-[13px] text-muted">
          due <When ms={run.dueAtMs} />
        </span>
      </p>
      {run.note !== null && <p className="text-[13px] break-names text-muted">{run.note}</p>}
    </li>
  )
}

function MadeRow({ run: { job, isDamaged, note, plot } }: { run: MadeRun }) {
  return (
    <li className="px-3 py-2 sm:px-4">
      <JobLine job={job} name={job.vmName} />
      {job.error !== null && <p className="text-[13px] break-names text-danger">{job.error}</p>}
      {isDamaged && <p className="text-[13px] text-danger">Its backup was found damaged since.</p>}
      {note !== null && <p className="text-[13px] break-names text-muted">{note}</p>}
      {plot.length > 0 && (
        <p className="flex flex-wrap gap-x-5 gap-y-1 py-1">
          <RunPlot of="size" values={plot.map(({ bytes }) => bytes)} />
          <RunPlot of="duration" values={plot.map(({ tookMs }) => tookMs)} />
        </p>
      )}
    </li>
  )
}
