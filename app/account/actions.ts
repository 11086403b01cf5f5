'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import { action, type ActionResult } from '@/lib/access/action'
import { ChangePasswordInput, changePassword } from '@/lib/access/change-password'
import { revokeOtherSessions, revokeSession } from '@/lib/access/sessions'

const change = action('account.change-password', ChangePasswordInput, async ({ session, input }) => {
  await changePassword(session, input)
  return {}
})
const end = action('account.end-session', z.object({ id: z.string() }), async ({ user, input }) => {
  await revokeSession(user.id, input.id)
  return {}
})
const endOthers = action('account.end-other-sessions', z.object({}), async ({ user, session }) => {
  await revokeOtherSessions(user.id, session.id)
  return {}
})

export async function submitPassword(_before: ActionResult<object> | null, form: FormData): Promise<ActionResult<object>> {
  return change(form)
}

export async function endSession(form: FormData): Promise<void> {
  await end(form)
  revalidatePath('/account')
}

export async function endOtherSessions(form: FormData): Promise<void> {
  await endOthers(form)
  revalidatePath('/account')
}
