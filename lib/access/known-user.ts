import 'server-only'
import type { Kysely, Selectable } from 'kysely'
import { z } from 'zod'
import { Refusal } from '../jobs/refusal.ts'
import type { Schema } from '../store/schema.ts'

/** Which user an act is about. */
export const UserInput = z.object({ id: z.string().min(1) })

/** The user of this id, in a transaction or out of one. Throws Refusal. */
export async function requireKnownUser(db: Kysely<Schema>, id: string): Promise<Selectable<Schema['users']>> {
  const user = await db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()
  if (!user) throw new Refusal('There is no such user any more. Reload the page.')
  return user
}
