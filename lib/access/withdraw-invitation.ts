import 'server-only'
import { Refusal } from '../jobs/refusal.ts'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import { requireKnownUser } from './known-user.ts'
import { NO_PASSWORD } from './users.ts'

/**
 * Takes a user away who never signed in, with their link. Others are disabled instead: a name in the audit log must not
 * become another person's. Throws Refusal.
 */
export async function withdrawInvitation(id: string): Promise<void> {
  await store()
    .transaction()
    .execute(async (transaction) => {
      const user = await requireKnownUser(transaction, id)
      // Who has none any more because it was ended has been here, too.
      if (user.password_hash !== NO_PASSWORD || user.seen_at_ms !== null)
        throw new Refusal(`${user.name} has chosen a password already. Disable the user instead.`)
      await transaction.deleteFrom('setup_tokens').where('user_id', '=', id).execute()
      await transaction.deleteFrom('users').where('id', '=', id).execute()
    })
  publish({ type: 'users' })
}
