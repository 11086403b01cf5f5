import 'server-only'
import { perProcess } from '../server/per-process.ts'
import type { Session } from './current-user.ts'
import { RequestPace } from './request-pace.ts'

const pace = perProcess('access/too-many-requests', () => new RequestPace())

/**
 * Counts a request that makes a host work; `address` is what is asked for, without its query. @returns null, or why it is not
 * answered and after how many seconds it would be.
 */
export function tooManyRequests(
  session: Session,
  address: string,
): { sentence: string; waitSeconds: number } | null {
  const waitSeconds = pace.take(session.id, address, Date.now())
  if (waitSeconds === null) return null
  return {
    sentence: `This was asked for too often in the last minute, and each time the host has to work for it. Try again in ${waitSeconds} ${waitSeconds === 1 ? 'second' : 'seconds'}.`,
    waitSeconds,
  }
}
