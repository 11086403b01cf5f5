import 'server-only'
import { Refusal } from '../jobs/refusal.ts'
import { publish } from '../live/hub.ts'
import { settings } from '../settings/settings.ts'
import { store } from '../store/store.ts'
import type { OneTimeLink } from './invite-user.ts'
import { requireKnownUser } from './known-user.ts'
import { createSetupToken, setupLink } from './setup-link.ts'

/** A new link for an invitation that ran out or a lost password; the one before ends. The old password works until it is used. Throws Refusal. */
export async function renewLink(id: string): Promise<OneTimeLink> {
  const user = await requireKnownUser(store(), id)
  if (user.disabled === 1) throw new Refusal(`${user.name} is disabled. Enable the user first.`)
  const token = await createSetupToken(id)
  publish({ type: 'users' })
  return { userName: user.name, link: setupLink(settings().url, token) }
}
