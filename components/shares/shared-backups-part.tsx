import type { SharedBackups } from '@/lib/shares/types'
import { RunPlot } from '@/components/backups/run-plot'
import { formatBytes } from '@/components/format-bytes'
import { formatDuration } from '@/components/format-time'
import { checkLook } from '@/components/backups/check-looks'
import { PROTECTION_TONES, PROTECTION_WORDS } from '@/components/backups/protection-looks'
import { SharedJobsNow } from '@/components/shares/shared-jobs-now'
import { Notice } from '@/components/ui/notice'
import { When } from '@/components/when'

const PLOTTED = 14

/** Whether a shared VM's backups are good: the answer, why not, and the last ones. */
export function SharedBackupsPart({ view }: { view: SharedBackups }) {
  const plotted = view.backups.slice(0, PLOTTED).reverse()
  return (
    <div className="mx-auto flex w-full max-w-3xl flex-col gap-5">
      <h1 className="text-xl font-semibold break-names">Backups of {view.vmName}</h1>
      {!view.isHostUp && (
        <Notice tone="danger" role="status">
          Its host does not answer. What is shown is what was last known.
        </Notice>
      )}
      <Notice tone={view.state === null ? 'plain' : PROTECTION_TONES[view.state]} role="status">
        <p className="font-semibold">
          {view.state === null ? 'Not known yet.' : `${PROTECTION_WORDS[view.state]}.`}
        </p>
        {view.reasons.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
        {view.state !== null && view.state !== 'left-out' && (
          <p className="text-muted">
            {view.lastGood ? (
              <>
                Last good backup <When ms={view.lastGood.atMs} />
                {view.lastGood.checkedAtMs !== null && (
                  <>
                    , checked <When ms={view.lastGood.checkedAtMs} />
                  </>
                )}
                .{' '}
              </>
            ) : (
              'There is no good backup. '
            )}
            {view.nextRunMs !== null && (
              <>
                Next run <When ms={view.nextRunMs} />.
              </>
            )}
          </p>
        )}
      </Notice>
      <SharedJobsNow jobs={view.jobs} blockJobs={[]} />
      {view.backups.length === 0 ? (
        <p className="rounded-lg border border-dashed border-line-strong/60 px-4 py-3 text-sm text-muted">
          No backups yet.
        </p>
      ) : (
        <section aria-labelledby="backups" className="flex min-w-0 flex-col gap-2">
          <h2 id="backups" className="font-semibold">
            The last {view.backups.length === 1 ? 'one' : view.backups.length}
          </h2>
          <p className="flex flex-wrap gap-x-6 gap-y-1">
            <RunPlot of="size" values={plotted.map((backup) => backup.bytes)} />
            <RunPlot of="duration" values={plotted.map((backup) => backup.tookMs)} />
          </p>
          <ul
            aria-labelledby="backups"
            className="divide-y divide-line rounded-lg border border-line bg-surface text-sm"
          >
            {view.backups.map((backup) => (
              <li
                key={backup.createdAtMs}
                className="flex flex-wrap items-baseline gap-x-3 px-3 py-2.5 sm:px-4"
              >
                <span className="font-medium">
                  <When ms={backup.createdAtMs} />
                </span>
                <span className={`font-medium ${checkLook(backup).colour}`}>{checkLook(backup).word}</span>
                <span className="text-muted">
                  {backup.kind} · {formatBytes(backup.bytes)} · {formatDuration(backup.tookMs / 1000)}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}
