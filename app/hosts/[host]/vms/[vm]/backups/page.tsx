import type { Metadata } from 'next'
import { requireUser } from '@/lib/access/require-user'
import { openRestoreOf } from '@/lib/backups/restore/open-restore'
import { restoreInPlaceRefusal } from '@/lib/backups/restore/restore-in-place-refusal'
import { foreignOfVm } from '@/lib/backups/catalogue/foreign-backups'
import { listTargets } from '@/lib/backups/targets/targets'
import { viewBackups } from '@/lib/backups/catalogue/vm-backups'
import { findVm, requireVm } from '@/lib/hosts/find-vm'
import { readJobs } from '@/lib/jobs/read-jobs'
import { listLeftOut } from '@/lib/schedules/left-out'
import { protectionOf } from '@/lib/schedules/protection'
import { listSchedules } from '@/lib/schedules/read-schedules'
import { describeWhen } from '@/lib/schedules/when'
import { OnlyWhoMay } from '@/components/access/may'
import { BackupButton, BackupDialogs } from '@/components/backups/backup-dialogs'
import { BackupList, IN_PLACE_REFUSAL } from '@/components/backups/backup-list'
import { LeftOutNotice } from '@/components/backups/left-out-notice'
import { ProtectionLine } from '@/components/backups/protection-line'
import { ScheduleList } from '@/components/backups/schedule-list'
import { JobsNow } from '@/components/jobs/jobs-now'
import { PastJobs } from '@/components/jobs/past-jobs'
import { RefreshOnVmChange } from '@/components/live/refresh-on-change'
import { PageLink } from '@/components/page-link'
import { backupsPath, decodePart, vmPath } from '@/components/paths'
import { ShareButton } from '@/components/shares/share-button'
import { Notice } from '@/components/ui/notice'
import { When } from '@/components/when'
import { backupActs } from '../../../../../backups/backup-acts'
import { shareActs } from '../../../../../shares/share-acts'
import { orSentence } from '../or-sentence'
import { GoneVmBackups } from './gone-vm-backups'

type Params = Promise<{ host: string; vm: string }>
const JOBS_LOOKED_AT = 60
const JOBS_SHOWN = 15
const KINDS = new Set([
  'backup',
  'backup-copy',
  'backup-check',
  'backup-remove',
  'restore',
  'restore-in-place',
  'restore-end',
])

export async function generateMetadata({ params }: { params: Params }): Promise<Metadata> {
  return { title: `Backups of ${(await params).vm} · Keyframe` }
}

export default async function VmBackupsPage({
  params,
  searchParams,
}: {
  params: Params
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  await requireUser('backup.read')
  const parts = await params
  const all = (await searchParams).all !== undefined
  const found = await findVm(decodePart(parts.host), decodePart(parts.vm))
  if (!found) return <GoneVmBackups host={decodePart(parts.host)} vmUuid={decodePart(parts.vm)} all={all} />
  const { host, vm } = found
  const ref = { host: host.name, uuid: vm.uuid, name: vm.name }
  const [protection, leftOut, backups, targets, schedules, jobs, restored] = await Promise.all([
    protectionOf(host.name, vm.uuid),
    listLeftOut(host.name).then((all) => all.find((each) => each.vmUuid === vm.uuid) ?? null),
    viewBackups({ host: host.name, vmUuid: vm.uuid }),
    listTargets(host.name),
    listSchedules({ host: host.name }),
    readJobs({ host: host.name, vmUuid: vm.uuid, limit: JOBS_LOOKED_AT }),
    orSentence(
      requireVm(host.name, vm.uuid).then(async (now) => {
        const open = await openRestoreOf(now.host, now.vm)
        return { open, inPlaceRefusal: restoreInPlaceRefusal(now.vm, open) }
      }),
    ),
  ])
  const foreign = await foreignOfVm(host.name, vm.uuid)
  const own = schedules.filter(
    (each) => each.vmUuid === vm.uuid || (each.vmUuid === null && protection?.scheduleIds.includes(each.id)),
  )
  const open = restored.value?.open ?? null
  const inPlaceRefusal = restored.value?.inPlaceRefusal ?? null
  return (
    <main tabIndex={-1} className="mx-auto flex w-full max-w-4xl flex-col gap-5 px-4 py-4 outline-none">
      <RefreshOnVmChange host={host.name} vmUuid={vm.uuid} />
      <BackupDialogs acts={backupActs}>
        <header className="flex flex-wrap items-center gap-x-4 gap-y-3">
          <div className="min-w-0 flex-1 max-sm:basis-full">
            <p className="text-[13px] break-names text-muted max-sm:[&_a]:inline-block max-sm:[&_a]:py-2">
              <PageLink href={backupsPath()} className="hover:underline">
                Backups
              </PageLink>{' '}
              / {host.name} /{' '}
              <PageLink href={vmPath(host.name, vm.name)} className="hover:underline">
                {vm.name}
              </PageLink>
            </p>
            <h1 className="text-xl font-semibold break-names">Backups of {vm.name}</h1>
          </div>
          <ShareButton
            subject={{ kind: 'backups', host: host.name, vm: vm.uuid }}
            label={`the backups of ${vm.name}`}
            acts={shareActs}
          />
          <BackupButton dialog={{ act: 'back-up-now', vm: ref }} disabled={host.status !== 'up'} />
        </header>
        {leftOut && <LeftOutNotice leftOut={leftOut} acts={backupActs} />}
        {protection && <ProtectionLine protection={protection} schedules={schedules} backups={backups} />}
        {open && (
          <Notice tone="warn" role="status">
            <p>
              {vm.name} was restored in place from {open.backupId} <When ms={open.endedAtMs} />. Its old disks
              are kept until you say which ones are right.
            </p>
            <div className="mt-2 flex flex-wrap gap-2 empty:hidden">
              <BackupButton
                dialog={{ act: 'keep-restored-disks', jobId: open.jobId, vm: ref }}
                variant="outline"
                size="small"
              />
              <BackupButton
                dialog={{ act: 'put-old-disks-back', jobId: open.jobId, vm: ref }}
                variant="outline"
                size="small"
                disabled={open.putBackRefusal !== null}
                title={open.putBackRefusal ?? undefined}
                aria-describedby={open.putBackRefusal !== null ? 'put-back-refusal' : undefined}
              />
            </div>
            {open.putBackRefusal !== null && (
              <OnlyWhoMay act="backup.end-restore">
                <p id="put-back-refusal" className="mt-1 text-[13px] break-names text-muted">
                  Put old disks back: {open.putBackRefusal}
                </p>
              </OnlyWhoMay>
            )}
          </Notice>
        )}
        <JobsNow
          host={host.name}
          vmUuid={vm.uuid}
          jobs={jobs.filter((job) => job.endedAtMs === null)}
          blockJobs={[]}
          acts={backupActs.vm}
        />
        <ScheduleList
          schedules={own.map((each) => ({
            ...each,
            words: describeWhen(each.when, each.timeZone),
            targetName:
              targets.find((target) => target.id === each.targetId)?.name ?? 'a target that is gone',
          }))}
          vm={ref}
          isLeftOut={leftOut !== null}
        />
        {backups.length > 0 && inPlaceRefusal !== null && (
          <OnlyWhoMay act="backup.restore-in-place">
            <p id={IN_PLACE_REFUSAL} className="text-[13px] break-names text-muted">
              Restore in place: {inPlaceRefusal}
            </p>
          </OnlyWhoMay>
        )}
        {targets
          .map((target) => ({ target, there: backups.filter((backup) => backup.targetId === target.id) }))
          .filter(({ there }) => there.length > 0)
          .map(({ target, there }) => (
            <section key={target.id} className="flex flex-col gap-2">
              <h2 className="font-semibold">
                On {target.name} <span className="font-normal text-muted">{there.length}</span>
              </h2>
              <BackupList
                label={`Backups on ${target.name}`}
                backups={there}
                vm={ref}
                all={all}
                inPlaceRefusal={inPlaceRefusal}
              />
            </section>
          ))}
        {backups.length === 0 && (
          <p className="rounded-lg border border-dashed border-line-strong/60 px-4 py-3 text-sm text-muted">
            No backups yet.
          </p>
        )}
        {foreign.map(({ targetName, count }) => (
          <Notice key={targetName} tone="warn">
            {count === 1 ? '1 more backup' : `${count} more backups`} of this VM on {targetName}{' '}
            {count === 1 ? 'was' : 'were'} made by another Keyframe. An admin can adopt{' '}
            {count === 1 ? 'it' : 'them'} on{' '}
            <PageLink href={backupsPath()} className="underline">
              Backups
            </PageLink>
            .
          </Notice>
        ))}
        <PastJobs
          jobs={jobs.filter((job) => job.endedAtMs !== null && KINDS.has(job.kind)).slice(0, JOBS_SHOWN)}
        />
      </BackupDialogs>
    </main>
  )
}
