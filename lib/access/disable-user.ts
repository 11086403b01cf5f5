import 'server-only'
import { Refusal } from '../jobs/refusal.ts'
import { store } from '../store/store.ts'
import { announceAccess } from './announce.ts'
import { refuseWithoutAdmin } from './keep-an-admin.ts'
import { requireKnownUser } from './known-user.ts'
import { announceRevoked, revokeSharesOf } from './revoke-shares-of.ts'

export interface UserDisabled {
  /** Open share links that the user had made. */
  sharesRevoked: number
}

/**
 * Shuts a user out at once: sessions, event streams, one-time links and the share links that they made end. Jobs that they began
 * go on. @returns how many share links were revoked. Throws Refusal.
 */
export async function disableUser(id: string): Promise<UserDisabled> {
  const revoked = await store()
    .transaction()
    .execute(async (transaction) => {
      const user = await requireKnownUser(transaction, id)
      if (user.disabled === 1) throw new Refusal(`${user.name} is disabled already.`)
      await transaction.updateTable('users').set({ disabled: 1 }).where('id', '=', id).execute()
      await transaction.deleteFrom('sessions').where('user_id', '=', id).execute()
      await transaction.deleteFrom('setup_tokens').where('user_id', '=', id).execute()
      if (user.role === 'admin') await refuseWithoutAdmin(transaction)
      return revokeSharesOf(transaction, id)
    })
  announceAccess(id)
  announceRevoked(revoked)
  return { sharesRevoked: revoked.length }
}

/** Lets a user sign in again, with the password they had. Share links that were revoked stay so. Throws Refusal. */
export async function enableUser(id: string): Promise<void> {
  const user = await requireKnownUser(store(), id)
  if (user.disabled === 0) throw new Refusal(`${user.name} is enabled already.`)
  await store().updateTable('users').set({ disabled: 0 }).where('id', '=', id).execute()
  announceAccess(id)
}
