import type { Metadata } from 'next'
import { readVmChains } from '@/lib/chains/read-vm-chains'
import { can } from '@/lib/access/permissions'
import { readAuditOf } from '@/lib/access/read-audit'
import { readOpenRestore } from '@/lib/backups/restore/open-restore'
import { findVm } from '@/lib/hosts/find-vm'
import { readJobs } from '@/lib/jobs/read-jobs'
import { readSnapshotTree } from '@/lib/snapshots/read-snapshot-tree'
import { requireUser } from '@/lib/access/require-user'
import { AuditPart } from '@/components/audit/audit-part'
import { OpenRestoreNotice } from '@/components/backups/open-restore-notice'
import { VmDialogs } from '@/components/dialogs/vm-dialogs'
import { JobsNow } from '@/components/jobs/jobs-now'
import { PastJobs } from '@/components/jobs/past-jobs'
import { RefreshOnVmChange } from '@/components/live/refresh-on-change'
import { auditPath, decodePart } from '@/components/paths'
import { Notice } from '@/components/ui/notice'
import { ShareButton } from '@/components/shares/share-button'
import { ChainPicture } from '@/components/vm/chain-picture'
import { mergeRefusal } from '@/components/vm/merge-refusal'
import { powerOffers } from '@/components/vm/power-offers'
import { SituationDownload } from '@/components/vm/situation-download'
import { SnapshotList } from '@/components/vm/snapshot-list'
import { VmHeader } from '@/components/vm/vm-header'
import { shareActs } from '../../../../shares/share-acts'
import { orSentence } from './or-sentence'
import { UnknownVm } from './unknown-vm'
import { vmActs } from './vm-acts'

type Params = Promise<{ host: string; vm: string }>
const JOBS_SHOWN = 20
const RECORDS_SHOWN = 20

export async function generateMetadata({ params }: { params: Params }): Promise<Metadata> {
  return { title: `${(await params).vm} · Keyframe` }
}

export default async function VmPage({ params }: { params: Params }) {
  const user = await requireUser('vm.read')
  const { host: hostPart, vm: vmPart } = await params
  const found = await findVm(decodePart(hostPart), decodePart(vmPart))
  if (!found) return <UnknownVm host={decodePart(hostPart)} />
  const { host, vm } = found
  const [chains, tree, jobs, records, restore] = await Promise.all([
    orSentence(readVmChains(host.name, vm.uuid)),
    orSentence(readSnapshotTree(host.name, vm.uuid)),
    readJobs({ host: host.name, vmUuid: vm.uuid, limit: JOBS_SHOWN }),
    readAuditOf({ host: host.name, vmUuid: vm.uuid }, RECORDS_SHOWN),
    orSentence(readOpenRestore(host.name, vm.uuid)),
  ])
  const disks = chains.value ?? []
  const place = { host: host.name, vm: vm.name }
  const mergeDisks = disks
    .filter((disk) => disk.layers.length > 1)
    .map(({ target, layers }) => ({ target, paths: layers.map((layer) => layer.path) }))
  return (
    <main tabIndex={-1} className="mx-auto flex max-w-[90rem] flex-col gap-5 px-4 py-4 outline-none">
      <RefreshOnVmChange host={host.name} vmUuid={vm.uuid} />
      <VmDialogs vm={{ host: host.name, uuid: vm.uuid, name: vm.name }} mergeDisks={mergeDisks} acts={vmActs}>
        <VmHeader
          host={host}
          vm={vm}
          offers={powerOffers(vm, jobs)}
          mergeRefusal={mergeRefusal(vm, disks)}
          acts={vmActs}
          share={
            <ShareButton
              subject={{ kind: 'vm', host: host.name, vm: vm.uuid }}
              label={vm.name}
              acts={shareActs}
            />
          }
        />
        {restore.value && <OpenRestoreNotice host={host.name} vmName={vm.name} restore={restore.value} />}
        <JobsNow
          host={host.name}
          vmUuid={vm.uuid}
          jobs={jobs.filter((job) => job.endedAtMs === null)}
          blockJobs={vm.jobs}
          acts={vmActs}
        />
        <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(22rem,2fr)]">
          <section aria-labelledby="disks" className="flex min-w-0 flex-col gap-2">
            <h2 id="disks" className="font-semibold">
              Disks
            </h2>
            {chains.sentence !== null && (
              <Notice tone="warn" role="status">
                {chains.sentence}
              </Notice>
            )}
            {disks.map((chain) => (
              <ChainPicture key={chain.target} chain={chain} place={place} />
            ))}
            {chains.value?.length === 0 && <p className="text-sm text-muted">This VM has no disks.</p>}
            {can(user, 'situation.plan') && <SituationDownload host={host.name} vmUuid={vm.uuid} />}
          </section>
          <section className="flex min-w-0 flex-col gap-2">
            <h2 className="font-semibold">Snapshots</h2>
            {tree.sentence !== null && (
              <Notice tone="warn" role="status">
                {tree.sentence}
              </Notice>
            )}
            {tree.value && tree.value.nodes.length > 0 && <SnapshotList tree={tree.value} place={place} />}
            {tree.value?.nodes.length === 0 && (
              <p className="rounded-lg border border-dashed border-line-strong/60 px-4 py-3 text-sm text-muted">
                None yet. A snapshot freezes the disks as they are; the VM goes on in new overlays.
              </p>
            )}
          </section>
        </div>
        <PastJobs jobs={jobs.filter((job) => job.endedAtMs !== null)} />
        <AuditPart
          entries={records}
          most={RECORDS_SHOWN}
          all={can(user, 'audit.read') ? auditPath({ vm: vm.uuid }) : null}
        />
      </VmDialogs>
    </main>
  )
}
