import 'server-only'
import type { Settings } from '../settings/settings.ts'
import { createSetupToken, FIRST_ADMIN_NAME, setupLink } from './setup-link.ts'
import { countUsers, createUser } from './users.ts'

/** On the first start: makes the admin, or prints the one-time link that does. There is no default password. */
export async function ensureFirstAdmin(settings: Settings): Promise<void> {
  if ((await countUsers()) > 0) return
  if (settings.adminPassword !== null) {
    await createUser(FIRST_ADMIN_NAME, settings.adminPassword, 'admin')
    return
  }
  process.stdout.write(
    `keyframe: first start. Choose the password of the user ${FIRST_ADMIN_NAME} here, once, within 24 hours: ${setupLink(settings.url, await createSetupToken(null))}\n`,
  )
}
