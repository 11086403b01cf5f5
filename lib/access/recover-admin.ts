import 'server-only'
import { Refusal } from '../jobs/refusal.ts'
import { settings } from '../settings/settings.ts'
import { store } from '../store/store.ts'
import { audit, SERVER } from './audit.ts'
import type { OneTimeLink } from './invite-user.ts'
import { replaceSetupToken, setupLink } from './setup-link.ts'
import { ofNamedUser } from './subjects.ts'
import { askToForget } from './throttle.ts'
import { NO_PASSWORD } from './users.ts'

/**
 * Lets a locked-out admin back in: the named user, or without a name the only admin there is, becomes an enabled admin and
 * gets a one-time link, and nothing but that link leads in: the old password, sessions and earlier links end, and browsers are
 * known no more. Failed sign-ins of everybody are forgotten. Who may run a command on the server has all of Keyframe's data anyway. Throws Refusal.
 * `before`: what the user was if not an enabled admin, such as "a disabled viewer"; else null.
 */
export async function recoverAdmin(name: string | null): Promise<OneTimeLink & { before: string | null }> {
  const users = await store()
    .selectFrom('users')
    .select(['id', 'name', 'role', 'disabled'])
    .orderBy('name')
    .execute()
  if (users.length === 0)
    throw new Refusal('There is no user yet. Start Keyframe: it prints the link that makes the first one.')
  const admins = users.filter((user) => user.role === 'admin')
  const onlyAdmin = admins.length === 1 ? admins[0] : undefined
  const user = name === null ? onlyAdmin : users.find((each) => each.name === name)
  if (!user)
    throw new Refusal(
      `${name === null ? 'Say which user it is to be' : `There is no user called ${name}`}: npm run recover -- ${name === null ? (admins[0]?.name ?? users[0]?.name) : 'NAME'}. There are: ${users.map((each) => `${each.name} (${each.role})`).join(', ')}.`,
    )
  const article = user.disabled === 1 || user.role === 'viewer' ? 'a' : 'an'
  const before =
    user.role === 'admin' && user.disabled === 0
      ? null
      : `${article} ${user.disabled === 1 ? 'disabled ' : ''}${user.role}`
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
    {
      user: SERVER,
      act: 'user.recover',
      subject: ofNamedUser,
      input: { name: user.name, before: before ?? 'an enabled admin' },
      address: null,
    },
    { result: 'ok' },
  )
  return { userName: user.name, link: setupLink(settings().url, token), before }
}
