import 'server-only'
import { createHash, randomBytes } from 'node:crypto'
import { Refusal } from '../jobs/refusal.ts'
import { store } from '../store/store.ts'
import { checkNewPassword } from './password.ts'
import { countUsers, createUser, type User } from './users.ts'

const LINK_LIFETIME_MS = 24 * 3_600_000
export const FIRST_ADMIN_NAME = 'admin'

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')

/** Makes the one-time token of the first start; earlier ones end. */
export async function createSetupToken(): Promise<string> {
  const token = randomBytes(24).toString('base64url')
  await store().deleteFrom('setup_tokens').execute()
  await store().insertInto('setup_tokens').values({ hash: hashOf(token), expires_at_ms: Date.now() + LINK_LIFETIME_MS }).execute()
  return token
}

/** True while the token can still be used. */
export async function isSetupToken(token: string): Promise<boolean> {
  const row = await store().selectFrom('setup_tokens').select('hash').where('hash', '=', hashOf(token)).where('expires_at_ms', '>', Date.now()).executeTakeFirst()
  return row !== undefined && (await countUsers()) === 0
}

/** Makes the first admin with this password and uses the token up. */
export async function takeSetupToken(token: string, password: string): Promise<User> {
  checkNewPassword(password, 'password')
  const { numDeletedRows } = await store().deleteFrom('setup_tokens').where('hash', '=', hashOf(token)).where('expires_at_ms', '>', Date.now()).executeTakeFirst()
  if (numDeletedRows === 0n || (await countUsers()) > 0) throw new Refusal('This set-up link was used already or is too old. Restart Keyframe to get a new one.')
  return createUser(FIRST_ADMIN_NAME, password)
}
