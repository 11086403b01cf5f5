import 'server-only'
import { store } from '../store/store.ts'
import { audit, UNKNOWN_USER } from './audit.ts'
import { auditRefused } from './audit-refused.ts'
import { checkPassword, type PasswordCheck } from './check-password.ts'
import type { From } from './client-address.ts'
import { PER_NAME, WINDOW_MS } from './guess-limits.ts'
import { createSession } from './sessions.ts'
import { ofNothing } from './subjects.ts'

export type Authentication =
  | (Extract<PasswordCheck, { user: unknown }> & { sessionKey: string })
  | Extract<PasswordCheck, { refused: unknown }>

const NAME_LIMIT_SENTENCE = `${PER_NAME} failed sign-ins with this name in ${WINDOW_MS / 60_000} minutes, from all addresses together. Until they are fewer, browsers that never signed in as this user wait before each try.`

/** Checks a sign-in, begins its session, and records it, whichever way it ends. `devices`: the cookie by which a browser is known. */
export async function authenticate(
  name: string,
  password: string,
  from: From,
  devices?: string,
): Promise<Authentication> {
  const check = await checkPassword(name, password, { address: from.address, devices })
  const asked = { act: 'session.sign-in', subject: ofNothing, input: {}, address: from.address } as const
  if ('refused' in check) {
    // Who is kept out again and again is recorded once for each limit: nobody can fill the disk with tries that were not let through.
    if (check.refused !== 'wrong' && !check.limitReached) return check
    const user = await knownUser(name)
    await auditRefused(check.refused === 'wrong' ? 'sign-ins' : 'limits', { user, ...asked }, check.sentence)
    if (check.refused === 'wrong' && check.limitReached)
      await auditRefused('limits', { user, ...asked }, NAME_LIMIT_SENTENCE)
    return check
  }
  const { key } = await createSession(check.user.id, from)
  await audit({ user: check.user, ...asked }, { result: 'ok' })
  return { ...check, sessionKey: key }
}

/** What was typed as a name is recorded only when it is one: people type their password there, too. */
async function knownUser(name: string) {
  return (
    (await store().selectFrom('users').select(['id', 'name']).where('name', '=', name).executeTakeFirst()) ??
    UNKNOWN_USER
  )
}
