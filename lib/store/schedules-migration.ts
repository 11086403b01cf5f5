import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Schedules of backups, their runs, when each target was last seen, and the protection of each VM as it was last told. */
export const schedulesMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('schedules')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('vm_uuid', 'text')
      .addColumn('vm_name', 'text')
      .addColumn('target_id', 'text', (c) => c.notNull().references('backup_targets.id'))
      .addColumn('method', 'text', (c) => c.notNull())
      .addColumn('quiesce', 'text', (c) => c.notNull())
      .addColumn('bandwidth', 'integer', (c) => c.notNull())
      .addColumn('full_every_days', 'integer', (c) => c.notNull())
      .addColumn('when', 'text', (c) => c.notNull())
      .addColumn('time_zone', 'text', (c) => c.notNull())
      .addColumn('jitter_minutes', 'integer', (c) => c.notNull())
      .addColumn('retention', 'text', (c) => c.notNull())
      .addColumn('recheck_days', 'integer', (c) => c.notNull())
      .addColumn('enabled', 'integer', (c) => c.notNull())
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('handled_until_ms', 'integer', (c) => c.notNull())
      .execute()
    // NULLs are all different to a unique constraint, and a host has one schedule of its own for a target.
    await sql`CREATE UNIQUE INDEX schedules_of ON schedules (host, coalesce(vm_uuid, ''), target_id)`.execute(
      db,
    )
    await db.schema
      .createTable('schedule_runs')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('schedule_id', 'text', (c) => c.notNull())
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('vm_uuid', 'text', (c) => c.notNull())
      .addColumn('vm_name', 'text', (c) => c.notNull())
      .addColumn('due_at_ms', 'integer', (c) => c.notNull())
      .addColumn('started_at_ms', 'integer')
      .addColumn('job_id', 'text')
      .addColumn('outcome', 'text', (c) => c.notNull())
      .addColumn('note', 'text')
      .addColumn('tidied', 'integer', (c) => c.notNull().defaultTo(0))
      .execute()
    await db.schema
      .createIndex('schedule_runs_of_vm')
      .on('schedule_runs')
      .columns(['host', 'vm_uuid', 'due_at_ms'])
      .execute()
    await db.schema
      .createIndex('schedule_runs_of_schedule')
      .on('schedule_runs')
      .columns(['schedule_id', 'due_at_ms'])
      .execute()
    await sql`CREATE INDEX schedule_runs_open ON schedule_runs (outcome) WHERE outcome IN ('waiting', 'started')`.execute(
      db,
    )
    await db.schema
      .createTable('backup_target_looks')
      .addColumn('target_id', 'text', (c) => c.primaryKey())
      .addColumn('at_ms', 'integer', (c) => c.notNull())
      .addColumn('problem', 'text')
      .execute()
    await db.schema
      .createTable('protection_states')
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('vm_uuid', 'text', (c) => c.notNull())
      .addColumn('vm_name', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('reason', 'text')
      .addColumn('sentence', 'text', (c) => c.notNull())
      .addColumn('since_ms', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('protection_states_key', ['host', 'vm_uuid'])
      .execute()
  },
}
