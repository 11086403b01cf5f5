import { cookies } from 'next/headers'
import { requestFrom } from '@/lib/access/client-address'
import { settings } from '@/lib/settings/settings'
import { countOpening } from '@/lib/shares/count-opening'
import { openShare } from '@/lib/shares/open-share'

/** Of a browser that was counted for the link under whose path it lies. */
const OPENED_COOKIE = 'keyframe-share-opened'

/** The page of a share says by its script that a person looks at it, once in each browser. What unfurls a link in a chat does not. */
export async function POST(_request: Request, { params }: { params: Promise<{ token: string }> }): Promise<Response> {
  const { token } = await params
  const opened = await openShare(token)
  if (!opened?.unlocked) return new Response(null, { status: 404 })
  const sent = await cookies()
  if (!sent.has(OPENED_COOKIE)) {
    await countOpening(opened.share.id, (await requestFrom()).address)
    sent.set(OPENED_COOKIE, '1', { httpOnly: true, sameSite: 'lax', secure: settings().url.startsWith('https://'), path: `/s/${token}`, expires: new Date(opened.share.expiresAtMs) })
  }
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
}
