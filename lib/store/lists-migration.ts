import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What pages ask for by time alone: the runs of the last day, the backups of the last weeks. */
export const listsMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createIndex('jobs_by_time').on('jobs').column('created_at_ms').execute()
    await db.schema.createIndex('backups_by_time').on('backups').column('created_at_ms').execute()
  },
}
