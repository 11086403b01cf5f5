import type { Metadata } from 'next'
import { requireUser } from '@/lib/access/require-user'
import { listShares } from '@/lib/shares/list-shares'
import { RefreshOnShareChange } from '@/components/live/refresh-on-change'
import { ShareList } from '@/components/shares/share-list'
import { shareActs } from './share-acts'

export const metadata: Metadata = { title: 'Share links · Keyframe' }

export default async function SharesPage() {
  await requireUser('share.list')
  const shares = await listShares()
  const open = shares.filter((share) => share.state === 'open')
  return (
    <main tabIndex={-1} className="mx-auto flex w-full max-w-4xl flex-col gap-5 px-4 py-5 outline-none">
      <RefreshOnShareChange />
      <div className="flex flex-wrap items-center gap-x-4">
        <h1 className="text-xl font-semibold">Share links</h1>
        <p className="text-sm text-muted">
          {open.length === 0
            ? 'none works now'
            : `${open.length} that ${open.length === 1 ? 'works' : 'work'}`}
        </p>
      </div>
      {shares.length > 0 ? (
        <ShareList shares={shares} revoke={shareActs.revoke} label="Share links" named />
      ) : (
        <p className="rounded-lg border border-dashed border-line-strong/60 px-4 py-8 text-center text-sm text-muted">
          None yet. The button Share on the page of a VM, a snapshot or a job makes one.
        </p>
      )}
    </main>
  )
}
