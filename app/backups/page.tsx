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
import { backupsOverview, RECENT_MS, type BackupsRead } from '@/lib/schedules/backups-overview'
import { listLeftOut } from '@/lib/schedules/left-out'
import { protectionsOf } from '@/lib/schedules/protection'
import { listRuns } from '@/lib/schedules/read-runs'
import { listSchedules } from '@/lib/schedules/read-schedules'
import { BackupDialogs } from '@/components/backups/backup-dialogs'
import { GoneVms } from '@/components/backups/gone-vms'
import { HostSchedules } from '@/components/backups/host-schedules'
import { LeftOutList } from '@/components/backups/left-out-list'
import { NextRuns } from '@/components/backups/next-runs'
import { OpenRestoreNotice } from '@/components/backups/open-restore-notice'
import { ProtectionRows } from '@/components/backups/protection-rows'
import { RecentRuns } from '@/components/backups/recent-runs'
import { DAY_MS, LOOKED_AT_DAYS, spaceForecast } from '@/components/backups/space-forecast'
import { TargetList } from '@/components/backups/target-list'
import {
  RefreshOnBackupsChange,
  RefreshOnHostChange,
  RefreshOnNotificationsChange,
} from '@/components/live/refresh-on-change'
import { FailingChannels } from '@/components/notifications/failing-channels'
import { Notice } from '@/components/ui/notice'
import { backupActs } from './backup-acts'

export const metadata: Metadata = { title: 'Backups · Keyframe' }

const JOBS_LOOKED_AT = 200
/** For plots and forecasts. */
const BACKUPS_LOOKED_AT = 5_000
/** A list that is longer is folded: the answer and the last night come first. */
const OPEN_ROWS = 30
/** A page on a slow link does not wait for a host or a target that hangs. */
const HOSTS_WAIT_MS = 400

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

async function readOverview(nowMs: number): Promise<BackupsRead> {
  const [hosts, protections, leftOut, backups, backedUp, jobs, runs] = await Promise.all([
    readHosts(),
    protectionsOf(),
    listLeftOut(),
    readBackupSummaries({ sinceMs: nowMs - LOOKED_AT_DAYS * DAY_MS, limit: BACKUPS_LOOKED_AT }),
    readBackedUpVms(),
    readJobs({ kinds: ['backup', 'backup-copy'], sinceMs: nowMs - RECENT_MS, limit: JOBS_LOOKED_AT }),
    listRuns({ limit: JOBS_LOOKED_AT }),
  ])
  return { nowMs, hosts, protections, leftOut, backups, backedUp, jobs, runs }
}

export default async function BackupsPage() {
  const user = await requireUser('backup.read')
  const failing = can(user, 'notification.read') ? await failingChannels() : []
  const nowMs = new Date().getTime()
  const [read, targets, schedules, openRestores] = await Promise.all([
    readOverview(nowMs),
    readTargetStates(undefined, HOSTS_WAIT_MS),
    listSchedules(),
    listOpenRestores(HOSTS_WAIT_MS),
  ])
  const { answer, tone, unseen, wanting, sound, made, unmade, gone, next } = backupsOverview(read)
  const forecasts = new Map(
    targets.map((target) => [
      target.id,
      spaceForecast(
        roomOf(target),
        read.backups.filter((backup) => backup.targetId === target.id),
        nowMs,
      ),
    ]),
  )
  return (
    <main tabIndex={-1} className="mx-auto flex w-full max-w-4xl flex-col gap-5 px-4 py-4 outline-none">
      <RefreshOnBackupsChange />
      <RefreshOnHostChange />
      <RefreshOnNotificationsChange />
      <BackupDialogs acts={backupActs}>
        <h1 className="text-xl font-semibold">Backups</h1>
        <Notice tone={tone} role="status">
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
        <LeftOutList vms={[...read.leftOut]} />
        <RecentRuns made={made} unmade={unmade} />
        <GoneVms vms={gone} />
        <TargetList targets={targets} forecasts={forecasts} hosts={[...hosts().keys()]} />
        <HostSchedules
          hosts={[...hosts().keys()]}
          schedules={schedules}
          targets={targets}
          protections={read.protections}
        />
        <NextRuns next={next} />
      </BackupDialogs>
    </main>
  )
}
