import 'server-only'
import { createHash, randomBytes } from 'node:crypto'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import { announceAccess } from './announce.ts'
import type { From } from './client-address.ts'
import type { Role } from './permissions.ts'
import type { User } from './users.ts'

export const SESSION_LIFETIME_MS = 30 * 24 * 3_600_000
/** `seen_at_ms` is written at most this often: not every request is worth a write. */
const SEEN_EVERY_MS = 60_000
const AGENT_MAX_CHARACTERS = 200
const KEY_BYTES = 24

/** What the database keeps of a session's key. It is random, so a fast hash does. */
export const sessionIdOf = (key: string): string => createHash('sha256').update(key).digest('hex')

export interface SessionView {
  /** Names the session, and opens nothing. */
  id: string
  createdAtMs: number
  seenAtMs: number
  agent: string
  /** null when it is not known. */
  address: string | null
}

/** Begins a session. @returns its id, and the key that the signed cookie carries and nothing else keeps. */
export async function createSession(
  userId: string,
  { agent, address }: From,
): Promise<{ id: string; key: string }> {
  const now = Date.now()
  await store().deleteFrom('sessions').where('expires_at_ms', '<', now).execute()
  const key = randomBytes(KEY_BYTES).toString('base64url')
  const id = sessionIdOf(key)
  await store()
    .insertInto('sessions')
    .values({
      id,
      user_id: userId,
      created_at_ms: now,
      seen_at_ms: now,
      expires_at_ms: now + SESSION_LIFETIME_MS,
      agent: agent.slice(0, AGENT_MAX_CHARACTERS),
      address,
    })
    .execute()
  await store().updateTable('users').set({ seen_at_ms: now }).where('id', '=', userId).execute()
  publish({ type: 'users' })
  return { id, key }
}

/** The user of a session that is neither expired nor revoked, or null. Looked up at each request. */
export async function readSession(id: string): Promise<User | null> {
  const now = Date.now()
  const row = await store()
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['users.id', 'users.name', 'users.role', 'sessions.seen_at_ms'])
    .where('sessions.id', '=', id)
    .where('sessions.expires_at_ms', '>', now)
    .where('users.disabled', '=', 0)
    .executeTakeFirst()
  if (!row) return null
  if (now - row.seen_at_ms > SEEN_EVERY_MS) {
    await store().updateTable('sessions').set({ seen_at_ms: now }).where('id', '=', id).execute()
    await store().updateTable('users').set({ seen_at_ms: now }).where('id', '=', row.id).execute()
  }
  return { id: row.id, name: row.name, role: row.role as Role }
}

/** A user's sessions, the one used last first. */
export async function listSessions(userId: string): Promise<SessionView[]> {
  const rows = await store()
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('expires_at_ms', '>', Date.now())
    .orderBy('seen_at_ms', 'desc')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    createdAtMs: row.created_at_ms,
    seenAtMs: row.seen_at_ms,
    agent: row.agent,
    address: row.address,
  }))
}

/** Ends one session of this user, on its open pages at once. */
export async function revokeSession(userId: string, id: string): Promise<void> {
  await store().deleteFrom('sessions').where('user_id', '=', userId).where('id', '=', id).execute()
  announceAccess(userId)
}

/** Ends the session that this key opens, whoever's it is, on its open pages at once. */
export async function endSessionOf(key: string): Promise<void> {
  const row = await store()
    .deleteFrom('sessions')
    .where('id', '=', sessionIdOf(key))
    .returning('user_id')
    .executeTakeFirst()
  if (row) announceAccess(row.user_id)
}

/** Ends all sessions of this user but one. */
export async function revokeOtherSessions(userId: string, keptId: string | null): Promise<void> {
  const ofUser = store().deleteFrom('sessions').where('user_id', '=', userId)
  await (keptId === null ? ofUser : ofUser.where('id', '!=', keptId)).execute()
  announceAccess(userId)
}
