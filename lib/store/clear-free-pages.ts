import { sql, type Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/**
 * Writes the database file without what was deleted and replaced in it, where secrets that were written otherwise before may still
 * be read. Until it is done it is due, and the next start does it. Rejects where there is no room for a second file.
 */
export async function clearFreePages(db: Kysely<Schema>): Promise<void> {
  const state = await db.selectFrom('secret_state').select('clear_free_pages').executeTakeFirst()
  if (state?.clear_free_pages !== 1) return
  await sql`VACUUM`.execute(db)
  // The log holds pages of before until it is cut.
  await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db)
  await db.updateTable('secret_state').set({ clear_free_pages: 0 }).execute()
}
