import 'server-only'
import { z } from 'zod'
import { Refusal } from '../jobs/refusal.ts'
import { store } from '../store/store.ts'
import { announceAccess } from './announce.ts'
import { refuseWithoutAdmin } from './keep-an-admin.ts'
import { requireKnownUser, UserInput } from './known-user.ts'
import { can, ROLES } from './permissions.ts'
import { announceRevoked, revokeSharesOf } from './revoke-shares-of.ts'

export const ChangeRoleInput = UserInput.extend({ role: z.enum(ROLES, 'Choose one of the roles.') })

/** What went with the role that was taken away. */
export interface RoleChanged {
  /** Share links that the user made, when the new role may not share. */
  sharesRevoked: number
  /** An open one-time link ended: it was made for who had the other role. */
  linkEnded: boolean
}

/** Gives a user another role, which their open pages take to heart at once. Throws Refusal. */
export async function changeRole({ id, role }: z.infer<typeof ChangeRoleInput>): Promise<RoleChanged> {
  const { revoked, linkEnded } = await store()
    .transaction()
    .execute(async (transaction) => {
      const user = await requireKnownUser(transaction, id)
      if (user.role === role) throw new Refusal(`The role of ${user.name} is ${role} already.`)
      await transaction.updateTable('users').set({ role }).where('id', '=', id).execute()
      if (user.role === 'admin') await refuseWithoutAdmin(transaction)
      const links = await transaction
        .deleteFrom('setup_tokens')
        .where('user_id', '=', id)
        .returning('expires_at_ms')
        .execute()
      return {
        revoked: can({ role }, 'share.create') ? [] : await revokeSharesOf(transaction, id),
        linkEnded: links.some((link) => link.expires_at_ms > Date.now()),
      }
    })
  announceAccess(id)
  announceRevoked(revoked)
  return { sharesRevoked: revoked.length, linkEnded }
}
