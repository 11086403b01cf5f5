import 'server-only'
import { z } from 'zod'
import { Refusal } from '../jobs/refusal.ts'
import { store } from '../store/store.ts'
import { announceAccess } from './announce.ts'
import { refuseWithoutAdmin } from './keep-an-admin.ts'
import { requireKnownUser, UserInput } from './known-user.ts'
import { ROLES } from './permissions.ts'

export const ChangeRoleInput = UserInput.extend({ role: z.enum(ROLES, 'Choose one of the roles.') })

/** Gives a user another role, which their open pages take to heart at once. Throws Refusal. */
export async function changeRole({ id, role }: z.infer<typeof ChangeRoleInput>): Promise<void> {
  await store().transaction().execute(async (transaction) => {
    const user = await requireKnownUser(transaction, id)
    if (user.role === role) throw new Refusal(`The role of ${user.name} is ${role} already.`)
    await transaction.updateTable('users').set({ role }).where('id', '=', id).execute()
    if (user.role === 'admin') await refuseWithoutAdmin(transaction)
  })
  announceAccess(id)
}
