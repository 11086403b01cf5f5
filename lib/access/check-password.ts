import 'server-only'
import { store } from '../store/store.ts'
import { verifyPassword } from './password.ts'
import type { Role } from './permissions.ts'
import { refusalSentence, type SignInRefusal } from './sign-in-refusal.ts'
import { countTry, forgetFailures } from './throttle.ts'
import { NO_PASSWORD, type User } from './users.ts'

export type PasswordCheck = { user: User } | { refused: SignInRefusal; sentence: string }

const refuse = (refused: SignInRefusal): PasswordCheck => ({ refused, sentence: refusalSentence(refused) })

/** Checks a sign-in, throttled. The refusal is the same for an unknown name, an invited or disabled user and a wrong password. */
export async function checkPassword(name: string, password: string): Promise<PasswordCheck> {
  const minutes = await countTry('user', name)
  if (minutes !== null) return refuse(`wait-${minutes}`)
  const row = await store().selectFrom('users').selectAll().where('name', '=', name).executeTakeFirst()
  const passwordHash = row === undefined || row.password_hash === NO_PASSWORD ? null : row.password_hash
  const fits = await verifyPassword(passwordHash, password)
  if (!fits || !row || row.disabled) return refuse('wrong')
  await forgetFailures('user', name)
  return { user: { id: row.id, name: row.name, role: row.role as Role } }
}
