import 'server-only'
import { createHash, randomBytes } from 'node:crypto'
import type { Transaction } from 'kysely'
import { Refusal } from '../jobs/refusal.ts'
import type { Schema } from '../store/schema.ts'
import { store } from '../store/store.ts'
import { announceAccess } from './announce.ts'
import { checkNewPassword, hashPassword } from './password.ts'
import type { Role } from './permissions.ts'
import { countUsers, createUser, type User } from './users.ts'

export const LINK_LIFETIME_HOURS = 24
const LINK_LIFETIME_MS = LINK_LIFETIME_HOURS * 3_600_000
const TOKEN_BYTES = 24
export const FIRST_ADMIN_NAME = 'admin'

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')
export const setupLink = (url: string, token: string): string => `${url}/setup/${token}`

/**
 * Makes the one-time token by which a user chooses a password; null: the first admin, who is made by it. The user's earlier
 * ones end. Only its hash is kept, so it can be told once.
 */
export async function createSetupToken(userId: string | null): Promise<string> {
  return store()
    .transaction()
    .execute((transaction) => replaceSetupToken(transaction, userId))
}

/** The same within a transaction that does more. */
export async function replaceSetupToken(
  transaction: Transaction<Schema>,
  userId: string | null,
): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  await transaction
    .deleteFrom('setup_tokens')
    .where('user_id', userId === null ? 'is' : '=', userId)
    .execute()
  await transaction
    .insertInto('setup_tokens')
    .values({ hash: hashOf(token), expires_at_ms: Date.now() + LINK_LIFETIME_MS, user_id: userId })
    .execute()
  return token
}

/** Whose password a token lets choose; null when it was used, is too old or never was. */
export async function readSetupToken(token: string): Promise<{ userName: string } | null> {
  const row = await store()
    .selectFrom('setup_tokens')
    .leftJoin('users', 'users.id', 'setup_tokens.user_id')
    .select(['setup_tokens.user_id', 'users.name', 'users.disabled'])
    .where('setup_tokens.hash', '=', hashOf(token))
    .where('setup_tokens.expires_at_ms', '>', Date.now())
    .executeTakeFirst()
  if (!row) return null
  if (row.user_id === null) return (await countUsers()) === 0 ? { userName: FIRST_ADMIN_NAME } : null
  return row.name !== null && row.disabled === 0 ? { userName: row.name } : null
}

/** Sets this password and uses the token up. Whoever was signed in as the user is signed out. Throws Refusal. */
export async function takeSetupToken(token: string, password: string): Promise<User> {
  checkNewPassword(password, 'password')
  const before = await readSetupToken(token)
  const passwordHash = before ? await hashPassword(password) : ''
  const taken = await store()
    .transaction()
    .execute(async (transaction) => {
      const row = await transaction
        .deleteFrom('setup_tokens')
        .where('hash', '=', hashOf(token))
        .where('expires_at_ms', '>', Date.now())
        .returning('user_id')
        .executeTakeFirst()
      if (!before || !row) return null
      if (row.user_id === null) return { first: true } as const
      const user = await transaction
        .updateTable('users')
        .set({ password_hash: passwordHash })
        .where('id', '=', row.user_id)
        .where('disabled', '=', 0)
        .returning(['id', 'name', 'role'])
        .executeTakeFirst()
      if (!user) return null
      await transaction.deleteFrom('sessions').where('user_id', '=', user.id).execute()
      return user
    })
  if (taken === null)
    throw new Refusal('This link was used already or is too old. Ask an admin for a new one.')
  if ('first' in taken) return createUser(FIRST_ADMIN_NAME, password, 'admin')
  announceAccess(taken.id)
  return { id: taken.id, name: taken.name, role: taken.role as Role }
}
