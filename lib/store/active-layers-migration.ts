import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Files that a VM's disk was once seen to write to: what else lies below it is a template. */
export const activeLayersMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('active_layers')
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('vm_uuid', 'text', (c) => c.notNull())
      .addColumn('path', 'text', (c) => c.notNull())
      .addColumn('seen_at_ms', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('active_layers_key', ['host', 'vm_uuid', 'path'])
      .execute()
  },
}
