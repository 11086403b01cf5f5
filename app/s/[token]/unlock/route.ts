import { cookies } from 'next/headers'
import { requestFrom } from '@/lib/access/client-address'
import { settings } from '@/lib/settings/settings'
import { openShare } from '@/lib/shares/open-share'
import { tryPassword, unlockCookieName } from '@/lib/shares/unlock'

/** As long as any password may be, and the form's own words (lib/access/password.ts). */
const BODY_MAX_BYTES = 8_192

const back = (token: string, query = '') =>
  new Response(null, {
    status: 303,
    headers: { location: `/s/${encodeURIComponent(token)}${query}`, 'cache-control': 'no-store' },
  })

/**
 * The form of a share's password. No server action: a page with `no-referrer` posts as from the origin `null`, which Next
 * refuses to them. Whoever makes another's browser post here must know the password, and wins nothing.
 */
export async function POST(
  request: Request,
  { params }: { params: Promise<{ token: string }> },
): Promise<Response> {
  const { token } = await params
  const opened = await openShare(token)
  // The page itself says that the link does not work, or that no password is asked for.
  if (!opened || opened.unlocked) return back(token)
  if (Number(request.headers.get('content-length') ?? Infinity) > BODY_MAX_BYTES) return back(token, '?wrong')
  const password = new URLSearchParams(await request.text()).get('password') ?? ''
  const answer = await tryPassword(opened.share, password, (await requestFrom()).address)
  if (answer === 'wrong' || answer === 'busy') return back(token, `?${answer}`)
  if ('waitMinutes' in answer) return back(token, `?wait=${answer.waitMinutes}`)
  const secure = settings().url.startsWith('https://')
  ;(await cookies()).set(unlockCookieName(secure), answer.cookie, {
    httpOnly: true,
    sameSite: 'lax',
    secure,
    path: `/s/${token}`,
    expires: new Date(answer.untilMs),
  })
  return back(token)
}
