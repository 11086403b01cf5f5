import 'server-only'
import { store } from '../store/store.ts'
import { audit, UNKNOWN_USER } from './audit.ts'
import { checkPassword, type PasswordCheck } from './check-password.ts'
import type { From } from './client-address.ts'
import { createSession } from './sessions.ts'
import { THROTTLE_WINDOW_MS } from './throttle.ts'

export type Authentication = Extract<PasswordCheck, { user: unknown }> & { sessionId: string } | Extract<PasswordCheck, { refused: unknown }>

/** Checks a sign-in, begins its session, and records it, whichever way it ends. */
export async function authenticate(name: string, password: string, from: From): Promise<Authentication> {
  const check = await checkPassword(name, password)
  const asked = { act: 'session.sign-in', input: {}, address: from.address } as const
  if ('refused' in check) {
    const user = await knownUser(name)
    if (check.refused === 'wrong' || !(await saysSo(user.name, check.sentence))) await audit({ user, ...asked }, { result: 'refused', sentence: check.sentence })
    return check
  }
  const sessionId = await createSession(check.user.id, from)
  await audit({ user: check.user, ...asked }, { result: 'ok' })
  return { ...check, sessionId }
}

/** What was typed as a name is recorded only when it is one: people type their password there, too. */
async function knownUser(name: string) {
  return (await store().selectFrom('users').select(['id', 'name']).where('name', '=', name).executeTakeFirst()) ?? UNKNOWN_USER
}

/** Tries that were not let through are recorded once for each name and wait: nobody can fill the disk with them. */
async function saysSo(userName: string, sentence: string): Promise<boolean> {
  const row = await store().selectFrom('audit').innerJoin('audit_results', 'audit_results.audit_id', 'audit.id').select('audit.id')
    .where('audit.act', '=', 'session.sign-in').where('audit.user_name', '=', userName).where('audit.at_ms', '>', Date.now() - THROTTLE_WINDOW_MS)
    .where('audit_results.sentence', 'like', `${sentence.slice(0, sentence.indexOf('.') + 1)}%`).executeTakeFirst()
  return row !== undefined
}
