import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Links by which people without an account read one thing. */
export const sharesMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('shares')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('token_hash', 'text', (c) => c.notNull().unique())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('vm_uuid', 'text', (c) => c.notNull())
      .addColumn('snapshot', 'text')
      .addColumn('snapshot_created_at_ms', 'integer')
      .addColumn('job_id', 'text')
      .addColumn('label', 'text', (c) => c.notNull())
      .addColumn('show_paths', 'integer', (c) => c.notNull())
      .addColumn('password_hash', 'text')
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('expires_at_ms', 'integer', (c) => c.notNull())
      .addColumn('revoked_at_ms', 'integer')
      .addColumn('opened_count', 'integer', (c) => c.notNull())
      .addColumn('last_opened_at_ms', 'integer')
      .execute()
    await db.schema.createIndex('shares_of_vm').on('shares').columns(['host', 'vm_uuid']).execute()
  },
}
