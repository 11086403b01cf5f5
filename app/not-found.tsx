import type { Metadata } from 'next'
import { PageLink } from '@/components/page-link'
import { listPath } from '@/components/paths'
import { requireUser } from '@/lib/access/require-user'
import { buttonStyle } from '@/components/ui/button'

export const metadata: Metadata = { title: 'Not found · Keyframe' }

export default async function NotFound() {
  await requireUser('vm.list')
  return (
    <main className="mx-auto flex max-w-xl flex-col items-start gap-4 px-4 py-16">
      <h1 className="text-xl font-semibold">There is nothing at this address</h1>
      <p className="text-muted">
        The VM or the snapshot that it names may have been removed or renamed since the link was made. If it
        was just created, look again in a few seconds.
      </p>
      <PageLink href={listPath()} className={buttonStyle({ variant: 'outline' })}>
        All VMs
      </PageLink>
    </main>
  )
}
