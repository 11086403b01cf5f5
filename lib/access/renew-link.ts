import 'server-only'
import { z } from 'zod'
import { Refusal } from '../jobs/refusal.ts'
import { settings } from '../settings/settings.ts'
import { store } from '../store/store.ts'
import { announceAccess } from './announce.ts'
import type { OneTimeLink } from './invite-user.ts'
import { refuseWithoutAdmin } from './keep-an-admin.ts'
import { requireKnownUser, UserInput } from './known-user.ts'
import { replaceSetupToken, setupLink } from './setup-link.ts'
import { NO_PASSWORD } from './users.ts'

/** A form's checkbox sends "on", or nothing. */
export const RenewLinkInput = UserInput.extend({ endPassword: z.literal('on').optional() })

/**
 * A new link for an invitation that ran out or a lost password; the one before ends. The old password works until the link is used;
 * with `endPassword`, for one that was stolen, it ends now, and all sessions with it but that of who asks. Throws Refusal.
 */
export async function renewLink(
  { id, endPassword }: z.infer<typeof RenewLinkInput>,
  ownSessionId: string,
): Promise<OneTimeLink> {
  const { userName, token } = await store()
    .transaction()
    .execute(async (transaction) => {
      const user = await requireKnownUser(transaction, id)
      if (user.disabled === 1) throw new Refusal(`${user.name} is disabled. Enable the user first.`)
      if (endPassword !== undefined) {
        await transaction
          .updateTable('users')
          .set({ password_hash: NO_PASSWORD })
          .where('id', '=', id)
          .execute()
        await transaction
          .deleteFrom('sessions')
          .where('user_id', '=', id)
          .where('id', '!=', ownSessionId)
          .execute()
        if (user.role === 'admin') await refuseWithoutAdmin(transaction)
      }
      return { userName: user.name, token: await replaceSetupToken(transaction, id) }
    })
  announceAccess(id)
  return { userName, link: setupLink(settings().url, token) }
}
