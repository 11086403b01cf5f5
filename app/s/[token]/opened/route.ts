import { cookies } from 'next/headers'
import { requestFrom } from '@/lib/access/client-address'
import { settings } from '@/lib/settings/settings'
import { countOpening, openedCookieName } from '@/lib/shares/count-opening'
import { openShare } from '@/lib/shares/open-share'

/** The page of a share says by its script that a person looks at it, once in each browser. What unfurls a link in a chat does not. */
export async function POST(
  _request: Request,
  { params }: { params: Promise<{ token: string }> },
): Promise<Response> {
  const { token } = await params
  const opened = await openShare(token)
  if (!opened?.unlocked) return new Response(null, { status: 404 })
  const sent = await cookies()
  const secure = settings().url.startsWith('https://')
  if (!sent.has(openedCookieName(secure))) {
    await countOpening(opened.share.id, (await requestFrom()).address)
    sent.set(openedCookieName(secure), '1', {
      httpOnly: true,
      sameSite: 'lax',
      secure,
      path: `/s/${token}`,
      expires: new Date(opened.share.expiresAtMs),
    })
  }
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
}
