import { findHost } from '@/lib/hosts/find-vm'
import { listTargets } from '@/lib/backups/targets/targets'
import { viewBackups } from '@/lib/backups/catalogue/vm-backups'
import { readJobs } from '@/lib/jobs/read-jobs'
import { BackupDialogs } from '@/components/backups/backup-dialogs'
import { BackupList } from '@/components/backups/backup-list'
import { JobsNow } from '@/components/jobs/jobs-now'
import { RefreshOnBackupsChange, RefreshOnVmChange } from '@/components/live/refresh-on-change'
import { PageLink } from '@/components/page-link'
import { backupsPath } from '@/components/paths'
import { Notice } from '@/components/ui/notice'
import { backupActs } from '../../../../../backups/backup-acts'
import { UnknownVm } from '../unknown-vm'

const JOBS_SHOWN = 20

/** Backups by the UUID of a VM that its host no longer has, or has not told since Keyframe's start: they can be restored all the same. */
export async function GoneVmBackups({
  host: hostName,
  vmUuid,
  all,
}: {
  host: string
  vmUuid: string
  all: boolean
}) {
  const [host, backups] = await Promise.all([findHost(hostName), viewBackups({ host: hostName, vmUuid })])
  const name = backups[0]?.vmName
  if (!host || name === undefined) return <UnknownVm host={hostName} />
  const [targets, jobs] = await Promise.all([
    listTargets(host.name),
    readJobs({ host: host.name, vmUuid, unfinished: true, limit: JOBS_SHOWN }),
  ])
  return (
    <main tabIndex={-1} className="mx-auto flex w-full max-w-4xl flex-col gap-5 px-4 py-4 outline-none">
      <RefreshOnVmChange host={host.name} vmUuid={vmUuid} />
      <RefreshOnBackupsChange />
      <BackupDialogs acts={backupActs}>
        <header>
          <p className="text-[13px] break-names text-muted max-sm:[&_a]:inline-block max-sm:[&_a]:py-2">
            <PageLink href={backupsPath()} className="hover:underline">
              Backups
            </PageLink>{' '}
            / {host.name}
          </p>
          <h1 className="text-xl font-semibold break-names">Backups of {name}</h1>
          <p className="text-[13px] break-names text-muted">{vmUuid}</p>
        </header>
        {host.status === 'up' ? (
          <Notice tone="warn" role="status">
            {host.name} has no VM of this UUID any more. Its backups are kept until you remove them, and can
            be restored as a new VM.
          </Notice>
        ) : (
          <Notice tone="danger" role="status">
            {host.name} does not answer: whether the VM is still there is not known.
          </Notice>
        )}
        <JobsNow host={host.name} vmUuid={vmUuid} jobs={jobs} blockJobs={[]} acts={backupActs.vm} />
        {targets
          .map((target) => ({ target, there: backups.filter((backup) => backup.targetId === target.id) }))
          .filter(({ there }) => there.length > 0)
          .map(({ target, there }) => (
            <section key={target.id} className="flex flex-col gap-2">
              <h2 className="font-semibold">
                On {target.name} <span className="font-normal text-muted">{there.length}</span>
              </h2>
              <BackupList label={`Backups on ${target.name}`} backups={there} vm={null} all={all} />
            </section>
          ))}
      </BackupDialogs>
    </main>
  )
}
