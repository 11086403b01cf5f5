import 'server-only'
import { Refusal } from '../jobs/refusal.ts'
import { settings } from '../settings/settings.ts'
import { store } from '../store/store.ts'
import { audit, SERVER } from './audit.ts'
import type { OneTimeLink } from './invite-user.ts'
import { replaceSetupToken, setupLink } from './setup-link.ts'
import { askToForget } from './throttle.ts'
import { NO_PASSWORD } from './users.ts'

/**
 * Lets a locked-out admin back in: the named user, or without a name the only admin there is, becomes an enabled admin and
 * gets a one-time link, and nothing but that link leads in: the old password, sessions and earlier links end, and browsers are
 * known no more. Failed sign-ins of everybody are forgotten. Who may run a command on the server has all of Keyframe's data anyway. Throws Refusal.
 */
export async function recoverAdmin(name: string | null): Promise<OneTimeLink> {
  const users = await store().selectFrom('users').select(['id', 'name', 'role']).orderBy('name').execute()
  if (users.length === 0)
    throw new Refusal('There is no user yet. Start Keyframe: it prints the link that makes the first one.')
  const admins = users.filter((user) => user.role === 'admin')
  const user =
    name === null ? (admins.length === 1 ? admins[0] : undefined) : users.find((each) => each.name === name)
  if (!user)
    throw new Refusal(
      `${name === null ? 'Say which user it is to be' : `There is no user called ${name}`}: npm run recover -- ${name === null ? (admins[0]?.name ?? users[0]?.name) : 'NAME'}. There are: ${users.map((each) => `${each.name} (${each.role})`).join(', ')}.`,
    )
  // No question whether an admin is left: the link makes one, and this command makes another link.
  const token = await store()
    .transaction()
    .execute(async (transaction) => {
      await transaction
        .updateTable('users')
        .set({ role: 'admin', disabled: 0, password_hash: NO_PASSWORD })
        .where('id', '=', user.id)
        .execute()
      await transaction.deleteFrom('sessions').where('user_id', '=', user.id).execute()
      await askToForget(transaction)
      return replaceSetupToken(transaction, user.id)
    })
  await audit(
    { user: SERVER, act: 'user.recover', input: { name: user.name }, address: null },
    { result: 'ok' },
  )
  return { userName: user.name, link: setupLink(settings().url, token) }
}
