import 'server-only'
import { cookies } from 'next/headers'
import { decode, encode } from 'next-auth/jwt'
import { deriveKey } from '../secrets/derive-key.ts'
import { settings } from '../settings/settings.ts'
import { sessionCookieName } from './cookie-names.ts'
import { endSessionOf, SESSION_LIFETIME_MS } from './sessions.ts'
import type { User } from './users.ts'

/** The session's key inside next-auth's signed token; the session itself is looked up at each request. */
declare module 'next-auth/jwt' {
  interface JWT {
    sid?: string
  }
}

const secure = () => settings().url.startsWith('https://')
const cookieName = () => sessionCookieName(secure())
const secret = () => deriveKey('sessions')
/**
 * How every token of ours begins (RFC 7516: its header, and no encrypted key). next-auth's `decode` takes whatever algorithm the
 * token itself names.
 */
const TOKEN_BEGIN = `${Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM' })).toString('base64url')}..`

/**
 * Signs a user's session into the cookie, and ends the one that the browser had before: nothing else leads to that any more.
 * Works in a plain form post, without JavaScript.
 */
export async function writeSessionCookie(user: User, key: string): Promise<void> {
  const before = await readSessionCookie()
  if (before !== null && before !== key) await endSessionOf(before)
  const maxAge = SESSION_LIFETIME_MS / 1000
  const token = await encode({ token: { sub: user.id, name: user.name, sid: key }, secret: secret(), maxAge })
  ;(await cookies()).set(cookieName(), token, {
    httpOnly: true,
    sameSite: 'lax',
    secure: secure(),
    path: '/',
    maxAge,
  })
}

export async function clearSessionCookie(): Promise<void> {
  ;(await cookies()).delete({
    name: cookieName(),
    path: '/',
    secure: secure(),
    httpOnly: true,
    sameSite: 'lax',
  })
}

/** The session's key in the cookie, or null when there is none or its signature is not ours. */
export async function readSessionCookie(): Promise<string | null> {
  const value = (await cookies()).get(cookieName())?.value
  if (!value?.startsWith(TOKEN_BEGIN)) return null
  const token = await decode({ token: value, secret: secret() }).catch(() => null)
  return token?.sid ?? null
}
