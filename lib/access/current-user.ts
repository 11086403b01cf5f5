import 'server-only'
import { cache } from 'react'
import { readSessionCookie } from './session-cookie.ts'
import { readSession, sessionIdOf } from './sessions.ts'
import type { User } from './users.ts'

export interface Session {
  /** As the database keeps it, and as pages may show it: it opens nothing. */
  id: string
  user: User
}

/** Who makes this request, or null. Looked up once a request. */
export const currentSession = cache(async (): Promise<Session | null> => {
  const key = await readSessionCookie()
  if (key === null) return null
  const id = sessionIdOf(key)
  const user = await readSession(id)
  return user && { id, user }
})
