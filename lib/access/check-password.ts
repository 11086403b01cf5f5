import 'server-only'
import { deriveKey } from '../secrets/derive-key.ts'
import { store } from '../store/store.ts'
import { knownDevice } from './device-token.ts'
import { verifyPassword } from './password.ts'
import type { Role } from './permissions.ts'
import { refusalSentence, type SignInRefusal } from './sign-in-refusal.ts'
import { countTry } from './throttle.ts'
import { NO_PASSWORD, type User } from './users.ts'

/** `limitReached`: this try is the one that reached a limit, or the first that one kept out. */
export type PasswordCheck =
  { user: User } | { refused: SignInRefusal; sentence: string; limitReached: boolean }

/** Who tries: the address, null when it is not known, and the cookie by which a browser is known. */
export interface Trying {
  address: string | null
  devices?: string | undefined
}

const refuse = (refused: SignInRefusal, limitReached: boolean): PasswordCheck => ({
  refused,
  sentence: refusalSentence(refused),
  limitReached,
})

/** Checks a sign-in, throttled. The refusal is the same for an unknown name, an invited or disabled user and a wrong password. */
export async function checkPassword(
  name: string,
  password: string,
  { address, devices }: Trying,
): Promise<PasswordCheck> {
  const row = await store().selectFrom('users').selectAll().where('name', '=', name).executeTakeFirst()
  const device = row
    ? knownDevice(deriveKey('devices'), devices, { id: row.id, passwordHash: row.password_hash }, Date.now())
    : null
  const attempt = await countTry({
    kind: 'user',
    name,
    address,
    known: device === null ? null : `device ${device}`,
  })
  if (attempt === 'busy') return refuse('busy', false)
  if ('waitMinutes' in attempt) return refuse(`wait-${attempt.waitMinutes}`, attempt.firstTime)
  const passwordHash = row === undefined || row.password_hash === NO_PASSWORD ? null : row.password_hash
  const fits = await verifyPassword(passwordHash, password)
  if (!fits || !row || row.disabled) return refuse('wrong', attempt.nameLimitReached)
  attempt.right()
  return { user: { id: row.id, name: row.name, role: row.role as Role } }
}

/** Checks the password of who is signed in. Wrong tries count against the session: those of others keep nobody from changing a password. */
export async function checkOwnPassword(
  userId: string,
  sessionId: string,
  password: string,
): Promise<'right' | { sentence: string }> {
  const attempt = await countTry({ kind: 'user', name: '', address: null, known: `session ${sessionId}` })
  if (attempt === 'busy') return { sentence: refusalSentence('busy') }
  if ('waitMinutes' in attempt) return { sentence: refusalSentence(`wait-${attempt.waitMinutes}`) }
  const row = await store()
    .selectFrom('users')
    .select('password_hash')
    .where('id', '=', userId)
    .executeTakeFirst()
  const fits = await verifyPassword(
    row === undefined || row.password_hash === NO_PASSWORD ? null : row.password_hash,
    password,
  )
  if (!fits) return { sentence: 'The current password is wrong.' }
  attempt.right()
  return 'right'
}
