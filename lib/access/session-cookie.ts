import 'server-only'
import { cookies } from 'next/headers'
import { decode, encode } from 'next-auth/jwt'
import { SESSION_LIFETIME_MS } from './sessions.ts'
import type { User } from './users.ts'

const secure = () => (process.env.NEXTAUTH_URL ?? '').startsWith('https://')
/** next-auth's own name, so that its routes know the same cookie. */
const cookieName = () => `${secure() ? '__Secure-' : ''}next-auth.session-token`

function secret(): string {
  const value = process.env.NEXTAUTH_SECRET
  if (!value) throw new Error('NEXTAUTH_SECRET is not set: start Keyframe with npm start, which makes it.')
  return value
}

/** Signs a user's session into the cookie. Works in a plain form post, without JavaScript. */
export async function writeSessionCookie(user: User, sessionId: string): Promise<void> {
  const maxAge = SESSION_LIFETIME_MS / 1000
  const token = await encode({ token: { sub: user.id, name: user.name, sid: sessionId }, secret: secret(), maxAge })
  ;(await cookies()).set(cookieName(), token, { httpOnly: true, sameSite: 'lax', secure: secure(), path: '/', maxAge })
}

export async function clearSessionCookie(): Promise<void> {
  (await cookies()).delete({ name: cookieName(), path: '/', secure: secure(), httpOnly: true, sameSite: 'lax' })
}

/** The session id in the cookie, or null when there is none or its signature is not ours. */
export async function readSessionCookie(): Promise<string | null> {
  const value = (await cookies()).get(cookieName())?.value
  if (!value) return null
  const token = await decode({ token: value, secret: secret() }).catch(() => null)
  return token?.sid ?? null
}
