import { notFound } from 'next/navigation'
import { findHost } from '@/lib/hosts/find-vm'
import { PageLink } from '@/components/page-link'
import { RefreshOnHostChange } from '@/components/live/refresh-on-change'
import { listPath } from '@/components/paths'
import { Notice } from '@/components/ui/notice'

/** A VM that is not known: gone, or its host has not answered since Keyframe's start, which is no reason to call it gone. */
export async function UnknownVm({ host: name }: { host: string }) {
  const host = await findHost(name)
  if (!host || host.status === 'up') notFound()
  return (
    <main tabIndex={-1} className="mx-auto flex max-w-xl flex-col items-start gap-4 px-4 py-16 outline-none">
      <RefreshOnHostChange />
      <h1 className="text-xl font-semibold break-names">{host.name} does not answer</h1>
      <Notice tone="danger" role="status">
        {host.reason ?? 'It is being connected to.'}
      </Notice>
      <p className="text-muted">
        What VMs it has is not known yet. This page shows the VM by itself once the host answers.
      </p>
      <PageLink href={listPath()} className="hover:underline">
        All VMs
      </PageLink>
    </main>
  )
}
