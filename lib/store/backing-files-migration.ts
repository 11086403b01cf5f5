import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Files that a VM was once seen to have below the file that its disk opens: to every other VM they are templates. */
export const backingFilesMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('backing_files')
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('path', 'text', (c) => c.notNull())
      .addColumn('vm_uuid', 'text', (c) => c.notNull())
      .addColumn('seen_at_ms', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('backing_files_key', ['host', 'path', 'vm_uuid'])
      .execute()
    // Among them are files of VMs that were off and never wrote. What runs is seen again within seconds.
    await sql`DELETE FROM active_layers`.execute(db)
  },
}
