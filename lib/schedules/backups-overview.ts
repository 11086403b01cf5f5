import type { BackedUpVm, BackupSummary } from '../backups/catalogue/backup-summaries.ts'
import type { HostView } from '../hosts/types.ts'
import type { JobView } from '../jobs/types.ts'
import type { LeftOut } from './left-out.ts'
import type { Protection, ScheduleRun } from './types.ts'

/** "Last night". */
export const RECENT_MS = 24 * 60 * 60_000
const PLOTTED_RUNS = 14
const NEXT_SHOWN = 10

/** What `/backups` rests on. Instants in epoch ms. */
export interface BackupsRead {
  nowMs: number
  hosts: readonly Pick<HostView, 'name' | 'status'>[]
  protections: readonly Protection[]
  leftOut: readonly LeftOut[]
  /** The newest first. */
  backups: readonly BackupSummary[]
  backedUp: readonly BackedUpVm[]
  /** Jobs that make backups, of the last day, the newest first. */
  jobs: readonly JobView[]
  runs: readonly ScheduleRun[]
}

export interface MadeRun {
  job: JobView
  /** Its backup was found damaged since. */
  isDamaged: boolean
  /** What the schedule says of it; null: nothing. */
  note: string | null
  /** Bytes and ms of the VM's last backups, the oldest first, at its newest run that succeeded; else empty. */
  plot: { bytes: number; tookMs: number }[]
}

export interface BackupsOverview {
  answer: string
  tone: 'plain' | 'ok' | 'warn' | 'danger'
  /** Hosts that can't be asked now. */
  unseen: Pick<HostView, 'name' | 'status'>[]
  wanting: Protection[]
  sound: Protection[]
  made: MadeRun[]
  /** Runs that became no job: refused, skipped or missed. */
  unmade: ScheduleRun[]
  /** VMs that have backups and are no more. */
  gone: BackedUpVm[]
  next: Protection[]
}

/** What `/backups` says, the answer first. Pure. */
export function backupsOverview(read: BackupsRead): BackupsOverview {
  const unseen = read.hosts.filter((host) => host.status !== 'up')
  const wanting = read.protections.filter((each) => each.state !== 'protected')
  const sound = read.protections.filter((each) => each.state === 'protected')
  return {
    answer: answerOf(read, sound.length),
    tone: toneOf(read, wanting, unseen.length > 0),
    unseen,
    wanting,
    sound,
    made: read.jobs.map((job) => madeRun(read, job)),
    unmade: read.runs.filter(
      (run) =>
        run.jobId === null &&
        read.nowMs - run.dueAtMs < RECENT_MS &&
        ['failed', 'skipped', 'missed'].includes(run.outcome ?? ''),
    ),
    gone: goneVms(read),
    next: read.protections
      .filter((each) => each.nextRunMs !== null)
      .sort((a, b) => a.nextRunMs! - b.nextRunMs!)
      .slice(0, NEXT_SHOWN),
  }
}

function answerOf({ protections, leftOut }: BackupsRead, sound: number): string {
  if (protections.length > 0)
    return `${sound} of ${protections.length} ${protections.length === 1 ? 'VM' : 'VMs'} protected`
  return leftOut.length > 0 ? 'Every VM is left out of protection.' : 'There are no VMs yet.'
}

function toneOf(
  { protections }: BackupsRead,
  wanting: readonly Protection[],
  anyUnseen: boolean,
): BackupsOverview['tone'] {
  if (protections.length === 0) return 'plain'
  if (wanting.some((each) => each.state === 'unprotected')) return 'danger'
  return wanting.length > 0 || anyUnseen ? 'warn' : 'ok'
}

function madeRun({ jobs, runs, backups }: BackupsRead, job: JobView): MadeRun {
  const isOfVm = (each: { host: string; vmUuid: string }) =>
    each.host === job.host && each.vmUuid === job.vmUuid
  const newest = jobs.find((each) => each.status === 'succeeded' && isOfVm(each))
  const run = runs.find((each) => each.jobId === job.id && each.outcome !== 'failed')
  return {
    job,
    isDamaged: backups.some(
      (backup) => backup.id === job.backupId && backup.host === job.host && backup.check === 'damaged',
    ),
    note: run?.note ?? null,
    plot:
      newest?.id === job.id
        ? backups
            .filter(isOfVm)
            .slice(0, PLOTTED_RUNS)
            .map(({ bytes, tookMs }) => ({ bytes, tookMs }))
            .reverse()
        : [],
  }
}

/** Only of hosts that tell their VMs: what is away is not gone. */
function goneVms({ protections, leftOut, backedUp, hosts }: BackupsRead): BackedUpVm[] {
  const keyOf = (each: { host: string; vmUuid: string }) => `${each.host}/${each.vmUuid}`
  const known = new Set([...protections, ...leftOut].map(keyOf))
  const away = new Set(hosts.filter((host) => host.status !== 'up').map((host) => host.name))
  return backedUp.filter((each) => !known.has(keyOf(each)) && !away.has(each.host))
}
