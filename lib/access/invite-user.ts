import 'server-only'
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { z } from 'zod'
import { Refusal } from '../jobs/refusal.ts'
import { publish } from '../live/hub.ts'
import { settings } from '../settings/settings.ts'
import { store } from '../store/store.ts'
import { ROLES } from './permissions.ts'
import { createSetupToken, setupLink } from './setup-link.ts'
import { NO_PASSWORD } from './users.ts'

/** Plain letters only, so that no two names look alike, and no parentheses (audit.ts). */
const NAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/i

export const InviteInput = z.object({
  name: z.string().trim(),
  role: z.enum(ROLES, 'Choose one of the roles.'),
})

/** A one-time link as it is shown, once. */
export interface OneTimeLink {
  userName: string
  link: string
}

/** Makes a user without a password, and the link by which they choose one. Throws Refusal. */
export async function inviteUser({ name, role }: z.infer<typeof InviteInput>): Promise<OneTimeLink> {
  if (!NAME.test(name)) {
    const sentence = 'A user name has 1 to 64 characters: a–z, 0–9, and . _ @ - after the first.'
    throw new Refusal(sentence, { name: sentence })
  }
  const id = randomUUID()
  await store()
    .transaction()
    .execute(async (transaction) => {
      const twin = await transaction
        .selectFrom('users')
        .select('name')
        .where(sql`lower(name)`, '=', name.toLowerCase())
        .executeTakeFirst()
      if (twin)
        throw new Refusal(`There is a user called ${twin.name} already. Choose another name.`, {
          name: 'Taken.',
        })
      await transaction
        .insertInto('users')
        .values({
          id,
          name,
          role,
          password_hash: NO_PASSWORD,
          disabled: 0,
          created_at_ms: Date.now(),
          seen_at_ms: null,
        })
        .execute()
    })
  const token = await createSetupToken(id)
  publish({ type: 'users' })
  return { userName: name, link: setupLink(settings().url, token) }
}
