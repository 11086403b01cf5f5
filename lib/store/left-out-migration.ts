import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** VMs that nobody wants backed up: templates, and what is made anew in minutes. */
export const leftOutMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('left_out_vms')
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('vm_uuid', 'text', (c) => c.notNull())
      .addColumn('vm_name', 'text', (c) => c.notNull())
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('by', 'text', (c) => c.notNull())
      .addColumn('at_ms', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('left_out_vms_key', ['host', 'vm_uuid'])
      .execute()
  },
}
