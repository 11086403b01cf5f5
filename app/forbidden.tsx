import type { Metadata } from 'next'
import { PageLink } from '@/components/page-link'
import { listPath } from '@/components/paths'
import { requireUser } from '@/lib/access/require-user'
import { buttonStyle } from '@/components/ui/button'

export const metadata: Metadata = { title: 'Not for your role · Keyframe' }

/** Answers 403: a page that the user's role may not read. */
export default async function Forbidden() {
  const { name, role } = await requireUser('vm.list')
  return (
    <main className="mx-auto flex max-w-xl flex-col items-start gap-4 px-4 py-16">
      <h1 className="text-xl font-semibold">This page is not for your role</h1>
      <p className="break-names text-muted">
        You are signed in as {name}, whose role is {role}. Only an admin may open this page; an admin can also
        give you another role.
      </p>
      <PageLink href={listPath()} className={buttonStyle({ variant: 'outline' })}>
        All VMs
      </PageLink>
    </main>
  )
}
