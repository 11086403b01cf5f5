import 'server-only'
import { z } from 'zod'
import { Refusal } from '../jobs/refusal.ts'
import { store } from '../store/store.ts'
import { checkPassword } from './check-password.ts'
import type { Session } from './current-user.ts'
import { checkNewPassword, hashPassword } from './password.ts'
import { revokeOtherSessions } from './sessions.ts'

export const ChangePasswordInput = z.object({ currentPassword: z.string(), newPassword: z.string() })

/** Changes the password and ends the user's other sessions. Throws Refusal. */
export async function changePassword(session: Session, input: z.infer<typeof ChangePasswordInput>): Promise<void> {
  checkNewPassword(input.newPassword, 'newPassword')
  const check = await checkPassword(session.user.name, input.currentPassword)
  if ('refused' in check) {
    const sentence = check.refused === 'wrong' ? 'The current password is wrong.' : check.sentence
    throw new Refusal(sentence, { currentPassword: sentence })
  }
  await store().updateTable('users').set({ password_hash: await hashPassword(input.newPassword) }).where('id', '=', session.user.id).execute()
  await revokeOtherSessions(session.user.id, session.id)
}
