import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { newestId } from '@/lib/live/hub'
import { describeShared } from '@/lib/shares/describe-shared'
import { openShare } from '@/lib/shares/open-share'
import { readShared } from '@/lib/shares/read-shared'
import { CountOpening } from '@/components/shares/count-opening'
import { ShareLive } from '@/components/shares/share-live'
import { SharedPage } from '@/components/shares/shared-page'
import { UnlockForm } from '@/components/shares/unlock-form'

type Params = Promise<{ token: string }>
type Search = Promise<Record<string, string | string[] | undefined>>

const QUIET: Metadata = { robots: { index: false, follow: false, nocache: true }, referrer: 'no-referrer' }

export async function generateMetadata({ params }: { params: Params }): Promise<Metadata> {
  const opened = await openShare((await params).token)
  if (!opened) return { ...QUIET, title: 'Keyframe' }
  if (!opened.unlocked)
    return {
      ...QUIET,
      title: 'Shared with a password · Keyframe',
      description: 'A read-only page of Keyframe.',
      openGraph: { title: 'Shared with a password', siteName: 'Keyframe', type: 'website' },
    }
  const { title, description } = describeShared(await readShared(opened.share))
  return {
    ...QUIET,
    title: `${title} · Keyframe`,
    description,
    openGraph: { title, description, siteName: 'Keyframe', type: 'website' },
  }
}

/** Read-only, without an account and whoever is signed in: the token, and its password where there is one, are the permission. */
export default async function SharePage({ params, searchParams }: { params: Params; searchParams: Search }) {
  // Before anything is read: what changes from here on, the share's event stream brings.
  const since = newestId()
  const { token } = await params
  const opened = await openShare(token)
  if (!opened) notFound()
  if (!opened.unlocked) {
    const { wrong, busy, wait } = await searchParams
    return (
      <UnlockForm
        token={token}
        wrong={wrong !== undefined}
        busy={busy !== undefined}
        waitMinutes={typeof wait === 'string' && /^\d{1,2}$/.test(wait) ? Number(wait) : null}
      />
    )
  }
  return (
    <ShareLive token={token} since={since}>
      <CountOpening token={token} />
      <SharedPage view={await readShared(opened.share)} expiresAtMs={opened.share.expiresAtMs} />
    </ShareLive>
  )
}
