import 'server-only'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { verifyPassword } from '../access/password.ts'
import { countTry } from '../access/throttle.ts'
import { deriveKey } from '../secrets/derive-key.ts'
import type { Share } from './types.ts'

/**
 * Of a browser that gave the password. `__Secure-`: browsers take it over TLS only; `__Host-` would ask for the path of the
 * whole site, and this one is for its link alone. Without TLS they would not take such a cookie.
 */
export const unlockCookieName = (secure: boolean): string =>
  secure ? '__Secure-keyframe-share' : 'keyframe-share'
const UNLOCKED_MS = 12 * 3_600_000

/**
 * Checks a share's password, throttled as sign-ins are: who guesses at one address keeps no reader elsewhere out.
 * @returns the cookie's value and how long it is good for; or "wrong"; or the minutes to wait; or "busy": try again in a few seconds.
 */
export async function tryPassword(
  share: Share,
  password: string,
  address: string | null,
): Promise<{ cookie: string; untilMs: number } | 'wrong' | 'busy' | { waitMinutes: number }> {
  const attempt = await countTry({ kind: 'share', name: share.id, address, known: null })
  if (attempt === 'busy') return 'busy'
  if ('waitMinutes' in attempt) return { waitMinutes: attempt.waitMinutes }
  if (!(await verifyPassword(share.passwordHash, password))) return 'wrong'
  attempt.right()
  const untilMs = Math.min(Date.now() + UNLOCKED_MS, share.expiresAtMs)
  return { cookie: `${untilMs}.${signature(share, untilMs)}`, untilMs }
}

/** Whether a browser with this cookie may read the share. */
export function isUnlocked(share: Share, cookie: string | undefined): boolean {
  if (share.passwordHash === null) return true
  const [until, signed] = (cookie ?? '').split('.')
  const untilMs = Number(until)
  if (!signed || !(untilMs > Date.now())) return false
  const [given, right] = [Buffer.from(signed), Buffer.from(signature(share, untilMs))]
  return given.length === right.length && timingSafeEqual(given, right)
}

/** Tied to the share and its password: it opens no other, and nothing has to be kept. */
function signature(share: Share, untilMs: number): string {
  return createHmac('sha256', deriveKey('shares'))
    .update([share.id, share.passwordHash, untilMs].join('\0'))
    .digest('base64url')
}
