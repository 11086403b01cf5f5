import 'server-only'
import { store } from '../store/store.ts'
import type { Role } from './permissions.ts'
import { listSessions, type SessionView } from './sessions.ts'
import { NO_PASSWORD } from './users.ts'

/** "locked": the password was ended, and only the one-time link leads in. */
export type UserState = 'active' | 'invited' | 'locked' | 'disabled'

export interface UserView {
  id: string
  name: string
  role: Role
  state: UserState
  /** null: not seen yet. */
  seenAtMs: number | null
  createdAtMs: number
  /** When the open one-time link ends; null when there is none. */
  linkUntilMs: number | null
  sessions: SessionView[]
}

/** Every user by name, with their sessions. */
export async function listUsers(): Promise<UserView[]> {
  const rows = await store().selectFrom('users').selectAll().orderBy('name').execute()
  const links = await store()
    .selectFrom('setup_tokens')
    .select(['user_id', 'expires_at_ms'])
    .where('expires_at_ms', '>', Date.now())
    .execute()
  return Promise.all(
    rows.map(async (row): Promise<UserView> => ({
      id: row.id,
      name: row.name,
      role: row.role as Role,
      state: stateOf(row),
      seenAtMs: row.seen_at_ms,
      createdAtMs: row.created_at_ms,
      linkUntilMs: links.find((link) => link.user_id === row.id)?.expires_at_ms ?? null,
      sessions: await listSessions(row.id),
    })),
  )
}

function stateOf(user: { disabled: number; password_hash: string; seen_at_ms: number | null }): UserState {
  if (user.disabled === 1) return 'disabled'
  if (user.password_hash !== NO_PASSWORD) return 'active'
  return user.seen_at_ms === null ? 'invited' : 'locked'
}
