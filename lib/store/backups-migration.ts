import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Targets of backups, the catalogue of what lies in them, and which checkpoints are Keyframe's own. */
export const backupsMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('backup_targets')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('path', 'text', (c) => c.notNull())
      .addColumn('quota_bytes', 'integer')
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addUniqueConstraint('backup_targets_path', ['host', 'path'])
      .addUniqueConstraint('backup_targets_name', ['host', 'name'])
      .execute()
    await db.schema
      .createTable('backups')
      .addColumn('target_id', 'text', (c) => c.notNull().references('backup_targets.id'))
      .addColumn('id', 'text', (c) => c.notNull())
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('vm_uuid', 'text', (c) => c.notNull())
      .addColumn('vm_name', 'text', (c) => c.notNull())
      .addColumn('method', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('parent_id', 'text')
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('took_ms', 'integer', (c) => c.notNull())
      .addColumn('bytes', 'integer', (c) => c.notNull())
      .addColumn('manifest', 'text', (c) => c.notNull())
      .addColumn('check_status', 'text', (c) => c.notNull())
      .addColumn('checked_at_ms', 'integer')
      .addColumn('check_note', 'text')
      .addPrimaryKeyConstraint('backups_key', ['target_id', 'id'])
      .execute()
    await db.schema
      .createIndex('backups_of_vm')
      .on('backups')
      .columns(['host', 'vm_uuid', 'created_at_ms'])
      .execute()
    await db.schema
      .createTable('backup_checkpoints')
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('vm_uuid', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('backup_checkpoints_key', ['host', 'vm_uuid', 'name'])
      .execute()
  },
}
