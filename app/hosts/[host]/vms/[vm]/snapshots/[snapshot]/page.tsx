import type { Metadata } from 'next'
import { PageLink } from '@/components/page-link'
import { notFound } from 'next/navigation'
import { can } from '@/lib/access/permissions'
import { readAuditOf } from '@/lib/access/read-audit'
import { findVm } from '@/lib/hosts/find-vm'
import { readSnapshotTree } from '@/lib/snapshots/read-snapshot-tree'
import { requireUser } from '@/lib/access/require-user'
import { AuditPart } from '@/components/audit/audit-part'
import { SnapshotPageDialogs } from '@/components/dialogs/snapshot-page-dialogs'
import { RefreshOnVmChange } from '@/components/live/refresh-on-change'
import { auditPath, decodePart, listPath, vmPath } from '@/components/paths'
import { Notice } from '@/components/ui/notice'
import { ShareButton } from '@/components/shares/share-button'
import { SnapshotFacts } from '@/components/vm/snapshot-facts'
import { SnapshotActs, SnapshotRefusals } from '@/components/vm/snapshot-list'
import { shareActs } from '../../../../../../shares/share-acts'
import { orSentence } from '../../or-sentence'
import { UnknownVm } from '../../unknown-vm'
import { vmActs } from '../../vm-acts'

const RECORDS_SHOWN = 20

type Params = Promise<{ host: string; vm: string; snapshot: string }>

export async function generateMetadata({ params }: { params: Params }): Promise<Metadata> {
  const { vm, snapshot } = await params
  return { title: `${snapshot} of ${vm} · Keyframe`, description: `Snapshot ${snapshot} of the VM ${vm}` }
}

export default async function SnapshotPage({ params }: { params: Params }) {
  const user = await requireUser('vm.read')
  const parts = await params
  const found = await findVm(decodePart(parts.host), decodePart(parts.vm))
  if (!found) return <UnknownVm host={decodePart(parts.host)} />
  const { host, vm } = found
  const name = decodePart(parts.snapshot)
  const [tree, records] = await Promise.all([
    orSentence(readSnapshotTree(host.name, vm.uuid)),
    readAuditOf({ host: host.name, vmUuid: vm.uuid, snapshot: name }, RECORDS_SHOWN),
  ])
  const node = tree.value?.nodes.find((each) => each.name === name)
  if (tree.value && !node) notFound()
  return (
    <main tabIndex={-1} className="mx-auto flex max-w-4xl flex-col gap-5 px-4 py-4 outline-none">
      <RefreshOnVmChange host={host.name} vmUuid={vm.uuid} waitForDialog />
      <SnapshotPageDialogs vm={{ host: host.name, uuid: vm.uuid, name: vm.name }} acts={vmActs}>
        <header className="flex flex-wrap items-center gap-x-4 gap-y-3">
          <div className="min-w-0">
            <p className="text-[13px] break-names text-muted max-sm:[&_a]:inline-block max-sm:[&_a]:py-2">
              <PageLink href={listPath()} className="hover:underline">
                VMs
              </PageLink>{' '}
              /{' '}
              <PageLink href={listPath({ q: vm.host })} className="hover:underline">
                {vm.host}
              </PageLink>{' '}
              /{' '}
              <PageLink href={vmPath(host.name, vm.name)} className="hover:underline">
                {vm.name}
              </PageLink>
            </p>
            <h1 className="text-xl font-semibold break-names">{name}</h1>
          </div>
          <span className="flex-1" />
          {node && (
            <ShareButton
              subject={{ kind: 'snapshot', host: host.name, vm: vm.uuid, snapshot: name }}
              label={`${name} of ${vm.name}`}
              acts={shareActs}
            />
          )}
          {node && <SnapshotActs node={node} size="medium" />}
        </header>
        {tree.sentence !== null && (
          <Notice tone="warn" role="status">
            {tree.sentence}
          </Notice>
        )}
        {node?.unproven != null && (
          <Notice tone="warn" role="status">
            {node.unproven}
          </Notice>
        )}
        {node && (
          <div className="empty:hidden">
            <SnapshotRefusals node={node} told={new Set(node.unproven === null ? [] : [node.unproven])} />
          </div>
        )}
        {node && <SnapshotFacts node={node} place={{ host: host.name, vm: vm.name }} />}
        <AuditPart
          entries={records}
          most={RECORDS_SHOWN}
          all={can(user, 'audit.read') ? auditPath({ vm: vm.uuid, q: name }) : null}
        />
      </SnapshotPageDialogs>
    </main>
  )
}
