import 'server-only'
import { headers } from 'next/headers'
import { forbidden, redirect } from 'next/navigation'
import { auditRefusedRead } from './audit-refused-read.ts'
import { currentSession, type Session } from './current-user.ts'
import { loginPath } from './next-path.ts'
import { whyNot, type Act } from './permissions.ts'
import type { User } from './users.ts'

/**
 * For pages, before anything else is read: the session, or the sign-in page that comes back to this address, or, for a
 * role that may not read the page, app/forbidden.tsx.
 */
export async function requireSession(act: Act): Promise<Session> {
  const session = await currentSession()
  // The path is known from proxy.ts only; Next tells it to no server component.
  if (!session) redirect(loginPath((await headers()).get('x-keyframe-path')))
  const refusal = whyNot(session.user, act)
  if (refusal !== null) {
    await auditRefusedRead(session.user, act, refusal)
    forbidden()
  }
  return session
}

export const requireUser = async (act: Act): Promise<User> => (await requireSession(act)).user
