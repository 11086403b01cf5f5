import type { Metadata } from 'next'
import { can } from '@/lib/access/permissions'
import { requireUser } from '@/lib/access/require-user'
import { readBackedUpVms, readBackupSummaries } from '@/lib/backups/catalogue/backup-summaries'
import { listOpenRestores } from '@/lib/backups/restore/open-restores'
import { readTargetStates, type TargetState } from '@/lib/backups/targets/target-states'
import { readHosts } from '@/lib/hosts/read-hosts'
import { hosts } from '@/lib/hosts/registry'
import { readJobs } from '@/lib/jobs/read-jobs'
import { failingChannels } from '@/lib/notifications/channel-views'
import { listLeftOut } from '@/lib/schedules/left-out'
import { protectionsOf } from '@/lib/schedules/protection'
import { listRuns } from '@/lib/schedules/read-runs'
import { listSchedules } from '@/lib/schedules/read-schedules'
import { BackupDialogs } from '@/components/backups/backup-dialogs'
import { GoneVms } from '@/components/backups/gone-vms'
import { HostSchedules } from '@/components/backups/host-schedules'
import { LeftOutList } from '@/components/backups/left-out-list'
import { OpenRestoreNotice } from '@/components/backups/open-restore-notice'
import { ProtectionRows } from '@/components/backups/protection-rows'
import { RunPlot } from '@/components/backups/run-plot'
import { DAY_MS, LOOKED_AT_DAYS, spaceForecast } from '@/components/backups/space-forecast'
import { TargetList } from '@/components/backups/target-list'
import { JobState } from '@/components/jobs/job-state'
import { formatDuration } from '@/components/format-time'
import {
  RefreshOnBackupsChange,
  RefreshOnHostChange,
  RefreshOnNotificationsChange,
} from '@/components/live/refresh-on-change'
import { FailingChannels } from '@/components/notifications/failing-channels'
import { PageLink } from '@/components/page-link'
import { jobPagePath, vmBackupsPath } from '@/components/paths'
import { Notice } from '@/components/ui/notice'
import { When } from '@/components/when'
import { backupActs } from './backup-acts'

export const metadata: Metadata = { title: 'Backups · Keyframe' }

const JOBS_LOOKED_AT = 200
/** For plots and forecasts. */
const BACKUPS_LOOKED_AT = 5_000
/** A list that is longer is folded: the answer and the last night come first. */
const OPEN_ROWS = 30
/** "Last night". */
const RECENT_MS = 24 * 60 * 60_000
const PLOTTED_RUNS = 14
const SHOWN_RUNS = 20
/** A page on a slow link does not wait for a host or a target that hangs. */
const HOSTS_WAIT_MS = 400
const NEXT_SHOWN = 10

/** What the file system and the quota leave, bytes; null when it can't be told. */
const roomOf = (target: TargetState) =>
  target.freeBytes === null
    ? null
    : Math.max(
        0,
        Math.min(
          target.freeBytes,
          target.quotaBytes === null ? Infinity : target.quotaBytes - target.usedBytes,
        ),
      )

export default async function BackupsPage() {
  const user = await requireUser('backup.read')
  const failing = can(user, 'notification.read') ? await failingChannels() : []
  const nowMs = new Date().getTime()
  const unseen = (await readHosts()).filter((host) => host.status !== 'up')
  const [protections, targets, backups, schedules, runs, scheduled, backedUp, openRestores, leftOut] =
    await Promise.all([
      protectionsOf(),
      readTargetStates(undefined, HOSTS_WAIT_MS),
      readBackupSummaries({ sinceMs: nowMs - LOOKED_AT_DAYS * DAY_MS, limit: BACKUPS_LOOKED_AT }),
      listSchedules(),
      readJobs({ kinds: ['backup', 'backup-copy'], sinceMs: nowMs - RECENT_MS, limit: JOBS_LOOKED_AT }),
      listRuns({ limit: JOBS_LOOKED_AT }),
      readBackedUpVms(),
      listOpenRestores(HOSTS_WAIT_MS),
      listLeftOut(),
    ])
  // Only of hosts that tell their VMs: what is away is not gone.
  const known = new Set([...protections, ...leftOut].map((each) => `${each.host}/${each.vmUuid}`))
  const gone = backedUp.filter(
    (each) => !known.has(`${each.host}/${each.vmUuid}`) && !unseen.some((host) => host.name === each.host),
  )
  const wanting = protections.filter((each) => each.state !== 'protected')
  const sound = protections.filter((each) => each.state === 'protected')
  // Refused, skipped or missed: they became no job.
  const unmade = scheduled.filter(
    (run) =>
      run.jobId === null &&
      nowMs - run.dueAtMs < RECENT_MS &&
      (run.outcome === 'failed' || run.outcome === 'skipped' || run.outcome === 'missed'),
  )
  const noteOf = new Map(
    scheduled.flatMap((run) =>
      run.jobId !== null && run.note !== null && run.outcome !== 'failed'
        ? [[run.jobId, run.note] as const]
        : [],
    ),
  )
  const next = protections
    .filter((each) => each.nextRunMs !== null)
    .sort((a, b) => a.nextRunMs! - b.nextRunMs!)
    .slice(0, NEXT_SHOWN)
  const forecasts = new Map(
    targets.map((target) => [
      target.id,
      spaceForecast(
        roomOf(target),
        backups.filter((backup) => backup.targetId === target.id),
        nowMs,
      ),
    ]),
  )
  const answer =
    protections.length === 0
      ? leftOut.length > 0
        ? 'Every VM is left out of protection.'
        : 'There are no VMs yet.'
      : `${sound.length} of ${protections.length} ${protections.length === 1 ? 'VM' : 'VMs'} protected`
  return (
    <main tabIndex={-1} className="mx-auto flex w-full max-w-4xl flex-col gap-5 px-4 py-4 outline-none">
      <RefreshOnBackupsChange />
      <RefreshOnHostChange />
      <RefreshOnNotificationsChange />
      <BackupDialogs acts={backupActs}>
        <h1 className="text-xl font-semibold">Backups</h1>
        <Notice
          tone={
            protections.length === 0
              ? 'plain'
              : wanting.length === 0
                ? unseen.length > 0
                  ? 'warn'
                  : 'ok'
                : wanting.some((each) => each.state === 'unprotected')
                  ? 'danger'
                  : 'warn'
          }
          role="status"
        >
          <p className="text-base font-semibold">{answer}</p>
          {unseen.map((host) => (
            <p key={host.name}>
              {host.name} is {host.status === 'connecting' ? 'not reached yet' : 'down'}: its VMs are as they
              were last seen, or missing here.
            </p>
          ))}
        </Notice>
        {openRestores.map((each) => (
          <OpenRestoreNotice
            key={`${each.host} ${each.vmName}`}
            host={each.host}
            vmName={each.vmName}
            restore={each}
          />
        ))}
        <FailingChannels channels={failing} />
        {wanting.length > 0 && (
          <ProtectionRows label="Not protected, or at risk" protections={wanting} schedules={schedules} />
        )}
        {sound.length > 0 && sound.length <= OPEN_ROWS && (
          <ProtectionRows label="Protected" protections={sound} schedules={schedules} />
        )}
        {sound.length > OPEN_ROWS && (
          <details>
            <summary className="w-fit py-1 text-sm font-medium max-sm:py-3">
              The {sound.length} that are protected
            </summary>
            <ProtectionRows label="Protected" protections={sound} schedules={schedules} />
          </details>
        )}
        <LeftOutList vms={leftOut} />
        <section aria-labelledby="runs" className="flex min-w-0 flex-col gap-2">
          <h2 id="runs" className="font-semibold">
            Runs of the last 24 hours
          </h2>
          {unmade.length > 0 && (
            <ul
              aria-label="Runs that were not made"
              className="divide-y divide-line rounded-lg border border-line bg-surface text-sm"
            >
              {unmade.slice(0, SHOWN_RUNS).map((run) => (
                <li key={run.id} className="px-3 py-2 sm:px-4">
                  <p>
                    <PageLink
                      href={vmBackupsPath(run.host, run.vmName)}
                      className="font-medium break-names hover:underline max-sm:py-2"
                    >
                      {run.vmName}
                    </PageLink>{' '}
                    <span className={run.outcome === 'failed' ? 'text-danger' : 'text-warn'}>
                      {run.outcome}
                    </span>{' '}
                    <span className="text-[13px] text-muted">
                      due <When ms={run.dueAtMs} />
                    </span>
                  </p>
                  {run.note !== null && <p className="text-[13px] break-names text-muted">{run.note}</p>}
                </li>
              ))}
            </ul>
          )}
          {runs.length === 0 && unmade.length === 0 ? (
            <p className="text-sm text-muted">None.</p>
          ) : (
            <ul
              aria-labelledby="runs"
              className="divide-y divide-line rounded-lg border border-line bg-surface text-sm"
            >
              {runs.slice(0, SHOWN_RUNS).map((job, index) => {
                const isNewestOfVm =
                  job.status === 'succeeded' &&
                  runs.findIndex(
                    (each) =>
                      each.status === 'succeeded' && each.host === job.host && each.vmUuid === job.vmUuid,
                  ) === index
                const isDamaged = backups.some(
                  (backup) =>
                    backup.check === 'damaged' &&
                    backup.host === job.host &&
                    backup.vmUuid === job.vmUuid &&
                    backup.createdAtMs >= job.createdAtMs &&
                    backup.createdAtMs <= (job.endedAtMs ?? nowMs),
                )
                const made = isNewestOfVm
                  ? backups
                      .filter((backup) => backup.host === job.host && backup.vmUuid === job.vmUuid)
                      .slice(0, PLOTTED_RUNS)
                      .reverse()
                  : []
                return (
                  <li key={job.id} className="px-3 py-2 sm:px-4">
                    <p className="flex flex-wrap items-baseline gap-x-3">
                      <PageLink
                        href={jobPagePath(job.id)}
                        className="min-w-0 font-medium break-names hover:underline max-sm:py-2"
                      >
                        {job.vmName}
                      </PageLink>
                      <JobState status={job.status} />
                      <span className="text-[13px] text-muted">
                        <When ms={job.createdAtMs} />
                        {job.endedAtMs !== null &&
                          ` · ${formatDuration((job.endedAtMs - job.createdAtMs) / 1000)}`}{' '}
                        · {job.by}
                      </span>
                    </p>
                    {job.error !== null && <p className="text-[13px] break-names text-danger">{job.error}</p>}
                    {isDamaged && (
                      <p className="text-[13px] text-danger">Its backup was found damaged since.</p>
                    )}
                    {noteOf.has(job.id) && (
                      <p className="text-[13px] break-names text-muted">{noteOf.get(job.id)}</p>
                    )}
                    {made.length > 0 && (
                      <p className="flex flex-wrap gap-x-5 gap-y-1 py-1">
                        <RunPlot of="size" values={made.map((backup) => backup.bytes)} />
                        <RunPlot of="duration" values={made.map((backup) => backup.tookMs)} />
                      </p>
                    )}
                  </li>
                )
              })}
            </ul>
          )}
          {runs.length > SHOWN_RUNS && (
            <p className="text-[13px] text-muted">And {runs.length - SHOWN_RUNS} before these.</p>
          )}
        </section>
        <GoneVms vms={gone} />
        <TargetList targets={targets} forecasts={forecasts} hosts={[...hosts().keys()]} />
        <HostSchedules
          hosts={[...hosts().keys()]}
          schedules={schedules}
          targets={targets}
          protections={protections}
        />
        <section aria-labelledby="next-runs" className="flex min-w-0 flex-col gap-2">
          <h2 id="next-runs" className="font-semibold">
            Next runs
          </h2>
          {next.length === 0 ? (
            <p className="text-sm text-muted">None: no VM is on a schedule that is on.</p>
          ) : (
            <ol
              aria-labelledby="next-runs"
              className="divide-y divide-line rounded-lg border border-line bg-surface text-sm"
            >
              {next.map((each) => (
                <li
                  key={`${each.host} ${each.vmUuid}`}
                  className="flex flex-wrap items-baseline gap-x-3 px-3 py-2 sm:px-4"
                >
                  <When ms={each.nextRunMs!} />
                  <PageLink
                    href={vmBackupsPath(each.host, each.vmName)}
                    className="min-w-0 break-names hover:underline max-sm:py-2"
                  >
                    {each.vmName}
                  </PageLink>
                </li>
              ))}
            </ol>
          )}
        </section>
      </BackupDialogs>
    </main>
  )
}
