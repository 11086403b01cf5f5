import 'server-only'
import { z } from 'zod'
import { Refusal } from '../jobs/refusal.ts'
import { store } from '../store/store.ts'
import { announceAccess } from './announce.ts'
import { checkOwnPassword } from './check-password.ts'
import type { Session } from './current-user.ts'
import { checkNewPassword, hashPassword } from './password.ts'

export const ChangePasswordInput = z.object({ currentPassword: z.string(), newPassword: z.string() })

/** Changes the password, and ends what else leads in: the user's other sessions, open one-time links, and browsers that were known. Throws Refusal. */
export async function changePassword(
  session: Session,
  input: z.infer<typeof ChangePasswordInput>,
): Promise<void> {
  checkNewPassword(input.newPassword, 'newPassword')
  const check = await checkOwnPassword(session.user.id, session.id, input.currentPassword)
  if (check !== 'right') throw new Refusal(check.sentence, { currentPassword: check.sentence })
  const passwordHash = await hashPassword(input.newPassword)
  await store()
    .transaction()
    .execute(async (transaction) => {
      await transaction
        .updateTable('users')
        .set({ password_hash: passwordHash })
        .where('id', '=', session.user.id)
        .execute()
      await transaction.deleteFrom('setup_tokens').where('user_id', '=', session.user.id).execute()
      await transaction
        .deleteFrom('sessions')
        .where('user_id', '=', session.user.id)
        .where('id', '!=', session.id)
        .execute()
    })
  announceAccess(session.user.id)
}
