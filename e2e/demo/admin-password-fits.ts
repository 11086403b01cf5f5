import { verifyPassword } from '../../lib/access/password.ts'
import { FIRST_ADMIN_NAME } from '../../lib/access/setup-link.ts'
import { NO_PASSWORD } from '../../lib/access/users.ts'
import { store } from '../../lib/store/store.ts'

/** Whether the first admin can sign in with it now. No try of a sign-in: it counts against no limit and is in no audit log. */
export async function adminPasswordFits(password: string): Promise<boolean> {
  const row = await store()
    .selectFrom('users')
    .select(['password_hash', 'disabled'])
    .where('name', '=', FIRST_ADMIN_NAME)
    .executeTakeFirst()
  if (!row || row.disabled || row.password_hash === NO_PASSWORD) return false
  return verifyPassword(row.password_hash, password)
}
