import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Sessions are kept by the hash of their key, so those of before end; a share link knows its maker by id; failed sign-ins are
 * counted in memory, and a command tells the process that runs to forget them.
 */
export const accessMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`DELETE FROM sessions`.execute(db)
    await db.schema.alterTable('shares').addColumn('created_by_id', 'text').execute()
    await sql`UPDATE shares SET created_by_id = (SELECT id FROM users WHERE users.name = shares.created_by)`.execute(
      db,
    )
    // Links rest on the right of who made them, from now on and for those of before.
    await sql`UPDATE shares SET revoked_at_ms = ${Date.now()} WHERE revoked_at_ms IS NULL AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = shares.created_by_id AND users.disabled = 0 AND users.role <> 'viewer')`.execute(
      db,
    )
    await db.schema.createIndex('shares_of_user').on('shares').column('created_by_id').execute()
    await db.schema.dropTable('login_failures').execute()
    await db.schema
      .createTable('access_marks')
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('at_ms', 'integer', (c) => c.notNull())
      .execute()
  },
}
