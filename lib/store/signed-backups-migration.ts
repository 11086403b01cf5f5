import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Which backups are signed, and those that are not this Keyframe's. What the catalogue holds already is its own. */
export const signedBackupsMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('backups').addColumn('signed_with', 'text').execute()
    await db.schema
      .createTable('foreign_backups')
      .addColumn('target_id', 'text', (c) => c.notNull().references('backup_targets.id'))
      .addColumn('id', 'text', (c) => c.notNull())
      .addColumn('vm_uuid', 'text', (c) => c.notNull())
      .addColumn('manifest', 'text', (c) => c.notNull())
      .addColumn('asks', 'text')
      .addColumn('found_at_ms', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('foreign_backups_key', ['target_id', 'id'])
      .execute()
  },
}
