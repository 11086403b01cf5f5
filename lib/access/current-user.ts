import 'server-only'
import { cache } from 'react'
import { readSessionCookie } from './session-cookie.ts'
import { readSession } from './sessions.ts'
import type { User } from './users.ts'

export interface Session {
  id: string
  user: User
}

/** Who makes this request, or null. Looked up once a request. */
export const currentSession = cache(async (): Promise<Session | null> => {
  const id = await readSessionCookie()
  const user = id === null ? null : await readSession(id)
  return id !== null && user ? { id, user } : null
})
