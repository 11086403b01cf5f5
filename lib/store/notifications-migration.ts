import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Channels by which people are told, what waits to be sent, and what was told last. */
export const notificationsMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('notification_channels')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('settings', 'text', (c) => c.notNull())
      .addColumn('secrets', 'text', (c) => c.notNull())
      .addColumn('hears_protection', 'integer', (c) => c.notNull())
      .addColumn('hears_jobs', 'integer', (c) => c.notNull())
      .addColumn('digest_at', 'text')
      .addColumn('time_zone', 'text', (c) => c.notNull())
      .addColumn('digest_handled_until_ms', 'integer', (c) => c.notNull())
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('last_sent_at_ms', 'integer')
      .addColumn('failing_since_ms', 'integer')
      .addColumn('error', 'text')
      .execute()
    await db.schema
      .createTable('notification_outbox')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('channel_id', 'text', (c) =>
        c.notNull().references('notification_channels.id').onDelete('cascade'),
      )
      .addColumn('event_key', 'text', (c) => c.notNull())
      .addColumn('message', 'text', (c) => c.notNull())
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('next_attempt_at_ms', 'integer')
      .addColumn('last_error', 'text')
      .addColumn('sent_at_ms', 'integer')
      .addColumn('given_up_at_ms', 'integer')
      .addUniqueConstraint('notification_outbox_event', ['channel_id', 'event_key'])
      .execute()
    await db.schema
      .createIndex('notification_outbox_due')
      .on('notification_outbox')
      .column('next_attempt_at_ms')
      .execute()
    await db.schema
      .createTable('notification_told')
      .addColumn('subject', 'text', (c) => c.primaryKey())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('reason', 'text')
      .execute()
    await db.schema
      .createTable('notification_progress')
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('value', 'integer', (c) => c.notNull())
      .execute()
    // What was before is no news.
    await sql`INSERT INTO notification_told (subject, state, reason) SELECT 'vm:' || host || '/' || vm_uuid, state, reason FROM protection_states`.execute(
      db,
    )
    await sql`INSERT INTO notification_told (subject, state, reason) SELECT 'job:' || id || ':' || run, status, NULL FROM jobs WHERE status = 'waiting'`.execute(
      db,
    )
    await sql`INSERT INTO notification_progress (name, value) SELECT 'job-ends', coalesce(max(id), 0) FROM audit_job_ends`.execute(
      db,
    )
  },
}
