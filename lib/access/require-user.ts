import 'server-only'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { currentSession, type Session } from './current-user.ts'
import { loginPath } from './next-path.ts'
import type { User } from './users.ts'

/** For pages, before anything else is read: the session, or the sign-in page that comes back to this address. */
export async function requireSession(): Promise<Session> {
  const session = await currentSession()
  // The path is known from proxy.ts only; Next tells it to no server component.
  if (!session) redirect(loginPath((await headers()).get('x-keyframe-path')))
  return session
}

export const requireUser = async (): Promise<User> => (await requireSession()).user
