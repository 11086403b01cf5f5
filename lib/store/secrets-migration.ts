import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { encryptSecret } from '../secrets/stored-secret.ts'

/** Secrets of channels are encrypted. Kysely runs a migration in a transaction: all of them are, or none. */
export const secretsMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('secret_state')
      .addColumn('id', 'integer', (c) => c.primaryKey())
      .addColumn('key_id', 'text')
      .addColumn('clear_free_pages', 'integer', (c) => c.notNull())
      .execute()
    const { rows } = await sql<{
      id: string
      secrets: string
    }>`SELECT id, secrets FROM notification_channels`.execute(db)
    for (const { id, secrets } of rows)
      await sql`UPDATE notification_channels SET secrets = ${encryptSecret(secrets, `notification_channels/${id}`)} WHERE id = ${id}`.execute(
        db,
      )
    // In the clear they lie in free pages, too, those of channels that were changed or removed long ago as well. A new database has none.
    await sql`INSERT INTO secret_state (id, key_id, clear_free_pages) SELECT 1, NULL, EXISTS (SELECT 1 FROM users)`.execute(
      db,
    )
  },
}
