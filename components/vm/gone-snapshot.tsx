'use client'

import { PageLink } from '@/components/page-link'
import { useParams } from 'next/navigation'
import { decodePart, listPath, vmPath } from '@/components/paths'
import { buttonStyle } from '@/components/ui/button'

/** Next hands a not-found page no params on the server, so the names come from the browser's address. */
export function GoneSnapshot() {
  const params = useParams<{ host?: string; vm?: string; snapshot?: string }>()
  const [host, vm, snapshot] = [params.host, params.vm, params.snapshot].map((part) => decodePart(part ?? ''))
  return (
    <main className="mx-auto flex max-w-xl flex-col items-start gap-4 px-4 py-16">
      <h1 className="text-xl font-semibold break-names">
        {snapshot ? <>The snapshot “{snapshot}” is gone</> : 'This snapshot is gone'}
      </h1>
      <p className="text-muted">
        It was deleted, or merged away, or the VM was removed or renamed since the link was made. The VM’s
        page shows the snapshots that it has now, and under its past jobs what became of this one.
      </p>
      <div className="flex flex-wrap gap-2">
        {host && vm && (
          <PageLink href={vmPath(host, vm)} className={buttonStyle({ variant: 'outline' })}>
            The VM {vm.length > 40 ? '' : vm}
          </PageLink>
        )}
        <PageLink href={listPath()} className={buttonStyle({ variant: 'quiet' })}>
          All VMs
        </PageLink>
      </div>
    </main>
  )
}
