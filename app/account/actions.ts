'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import { action, type ActionResult } from '@/lib/access/action'
import { ChangePasswordInput, changePassword } from '@/lib/access/change-password'
import { writeDeviceCookie } from '@/lib/access/device-cookie'
import { revokeOtherSessions, revokeSession } from '@/lib/access/sessions'
import { ofNothing } from '@/lib/access/subjects'

type Done = ActionResult<object>

const change = action(
  'account.change-password',
  ChangePasswordInput,
  ofNothing,
  async ({ session, input }) => {
    await changePassword(session, input)
    // Known by the old password this browser is known no more, and it has just given the new one.
    await writeDeviceCookie(session.user.id)
    return {}
  },
)
const end = action(
  'account.end-session',
  z.object({ id: z.string() }),
  ofNothing,
  async ({ user, input }) => {
    await revokeSession(user.id, input.id)
    return {}
  },
)
const endOthers = action('account.end-other-sessions', z.object({}), ofNothing, async ({ user, session }) => {
  await revokeOtherSessions(user.id, session.id)
  return {}
})

export async function submitPassword(_before: Done | null, form: FormData): Promise<Done> {
  return change(form)
}

export async function endSession(_before: Done | null, form: FormData): Promise<Done> {
  const result = await end(form)
  revalidatePath('/account')
  return result
}

export async function endOtherSessions(_before: Done | null, form: FormData): Promise<Done> {
  const result = await endOthers(form)
  revalidatePath('/account')
  return result
}
