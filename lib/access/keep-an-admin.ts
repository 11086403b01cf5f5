import 'server-only'
import type { Transaction } from 'kysely'
import { Refusal } from '../jobs/refusal.ts'
import type { Schema } from '../store/schema.ts'
import { NO_PASSWORD } from './users.ts'

/**
 * Asked at the end of every transaction that takes something from a user: throws Refusal, which undoes it, when nobody would
 * be left who can sign in as an admin. Two browsers that demote each other's admin are two transactions: the second one is refused.
 */
export async function refuseWithoutAdmin(transaction: Transaction<Schema>): Promise<void> {
  const left = await transaction
    .selectFrom('users')
    .select('id')
    .where('role', '=', 'admin')
    .where('disabled', '=', 0)
    .where('password_hash', '!=', NO_PASSWORD)
    .executeTakeFirst()
  if (!left)
    throw new Refusal(
      'This is the last admin who can sign in, and one must stay. Make another user an admin first, and let them sign in. Nothing was changed.',
    )
}
