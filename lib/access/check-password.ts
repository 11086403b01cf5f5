import 'server-only'
import { store } from '../store/store.ts'
import { verifyPassword } from './password.ts'
import { refusalSentence, type SignInRefusal } from './sign-in-refusal.ts'
import { forgetFailures, recordFailure, throttledMinutes } from './throttle.ts'
import type { User } from './users.ts'

export type PasswordCheck = { user: User } | { refused: SignInRefusal; sentence: string }

const refuse = (refused: SignInRefusal): PasswordCheck => ({ refused, sentence: refusalSentence(refused) })

/** Checks a sign-in, throttled. The refusal is the same for an unknown name and a wrong password. */
export async function checkPassword(name: string, password: string): Promise<PasswordCheck> {
  const minutes = await throttledMinutes(name)
  if (minutes !== null) return refuse(`wait-${minutes}`)
  // Counted before it is checked: many guesses sent at once must not all find the counter at zero.
  await recordFailure(name)
  const row = await store().selectFrom('users').selectAll().where('name', '=', name).executeTakeFirst()
  const fits = await verifyPassword(row?.password_hash ?? null, password)
  if (!fits || !row || row.disabled) return refuse('wrong')
  await forgetFailures(name)
  return { user: { id: row.id, name: row.name } }
}
