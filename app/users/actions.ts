'use server' // every export here is a public POST endpoint, whatever page shows it

import { revalidatePath } from 'next/cache'
import { action, type ActionResult } from '@/lib/access/action'
import { changeRole, ChangeRoleInput, type RoleChanged } from '@/lib/access/change-role'
import { disableUser, enableUser, type UserDisabled } from '@/lib/access/disable-user'
import { InviteInput, inviteUser, type OneTimeLink } from '@/lib/access/invite-user'
import { UserInput } from '@/lib/access/known-user'
import { renewLink, RenewLinkInput } from '@/lib/access/renew-link'
import { revokeOtherSessions, revokeSession } from '@/lib/access/sessions'
import { withdrawInvitation } from '@/lib/access/withdraw-invitation'
import { ofNamedUser, ofUser } from '@/lib/access/subjects'
import { z } from 'zod'

type Done = ActionResult<object>
type Linked = ActionResult<OneTimeLink>

const invite = action('user.invite', InviteInput, ofNamedUser, ({ input }) => inviteUser(input))
const renew = action('user.new-link', RenewLinkInput, ofUser, ({ input, session }) =>
  renewLink(input, session.id),
)
const withdraw = action('user.withdraw', UserInput, ofUser, async ({ input }) => {
  await withdrawInvitation(input.id)
  return {}
})
const change = action('user.change-role', ChangeRoleInput, ofUser, ({ input }) => changeRole(input))
const disable = action('user.disable', UserInput, ofUser, ({ input }) => disableUser(input.id))
const enable = action('user.enable', UserInput, ofUser, async ({ input }) => {
  await enableUser(input.id)
  return {}
})
const end = action(
  'user.end-session',
  UserInput.extend({ session: z.string() }),
  ofUser,
  async ({ input }) => {
    await revokeSession(input.id, input.session)
    return {}
  },
)
const endAll = action('user.end-sessions', UserInput, ofUser, async ({ input, session }) => {
  await revokeOtherSessions(input.id, session.id)
  return {}
})

/** The list as it is now comes back with the answer. */
function shown<T>(result: T): T {
  revalidatePath('/users')
  return result
}

export async function submitInvitation(_before: Linked | null, form: FormData): Promise<Linked> {
  return shown(await invite(form))
}
export async function submitNewLink(_before: Linked | null, form: FormData): Promise<Linked> {
  return shown(await renew(form))
}
export async function submitWithdrawal(_before: Done | null, form: FormData): Promise<Done> {
  return shown(await withdraw(form))
}
export async function submitRole(
  _before: ActionResult<RoleChanged> | null,
  form: FormData,
): Promise<ActionResult<RoleChanged>> {
  return shown(await change(form))
}
export async function submitDisable(
  _before: ActionResult<UserDisabled> | null,
  form: FormData,
): Promise<ActionResult<UserDisabled>> {
  return shown(await disable(form))
}
export async function submitEnable(_before: Done | null, form: FormData): Promise<Done> {
  return shown(await enable(form))
}
export async function submitEndSession(_before: Done | null, form: FormData): Promise<Done> {
  return shown(await end(form))
}
export async function submitEndSessions(_before: Done | null, form: FormData): Promise<Done> {
  return shown(await endAll(form))
}
