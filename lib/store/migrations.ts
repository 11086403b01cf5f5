import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { accessMigration } from './access-migration.ts'
import { activeLayersMigration } from './active-layers-migration.ts'
import { backingFilesMigration } from './backing-files-migration.ts'
import { backupsMigration } from './backups-migration.ts'
import { leftOutMigration } from './left-out-migration.ts'
import { listsMigration } from './lists-migration.ts'
import { notificationsMigration } from './notifications-migration.ts'
import { schedulesMigration } from './schedules-migration.ts'
import { signedBackupsMigration } from './signed-backups-migration.ts'
import { secretsMigration } from './secrets-migration.ts'
import { sharesMigration } from './shares-migration.ts'
import { teamMigration } from './team-migration.ts'

/** In order; one that was released is never changed, a new one is added. */
export const MIGRATIONS: Record<string, Migration> = {
  '0001-first': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('users')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('name', 'text', (c) => c.notNull().unique())
        .addColumn('password_hash', 'text', (c) => c.notNull())
        .addColumn('disabled', 'integer', (c) => c.notNull())
        .addColumn('created_at_ms', 'integer', (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('sessions')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('user_id', 'text', (c) => c.notNull().references('users.id'))
        .addColumn('created_at_ms', 'integer', (c) => c.notNull())
        .addColumn('seen_at_ms', 'integer', (c) => c.notNull())
        .addColumn('expires_at_ms', 'integer', (c) => c.notNull())
        .addColumn('agent', 'text', (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('login_failures')
        .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('at_ms', 'integer', (c) => c.notNull())
        .execute()
      await db.schema.createIndex('login_failures_at').on('login_failures').column('at_ms').execute()
      await db.schema
        .createTable('setup_tokens')
        .addColumn('hash', 'text', (c) => c.primaryKey())
        .addColumn('expires_at_ms', 'integer', (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('audit')
        .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
        .addColumn('at_ms', 'integer', (c) => c.notNull())
        .addColumn('user_name', 'text', (c) => c.notNull())
        .addColumn('act', 'text', (c) => c.notNull())
        .addColumn('asked', 'text', (c) => c.notNull())
        .addColumn('outcome', 'text')
        .execute()
      await db.schema
        .createTable('jobs')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('host', 'text', (c) => c.notNull())
        .addColumn('vm_uuid', 'text', (c) => c.notNull())
        .addColumn('vm_name', 'text', (c) => c.notNull())
        .addColumn('title', 'text', (c) => c.notNull())
        .addColumn('status', 'text', (c) => c.notNull())
        .addColumn('by', 'text', (c) => c.notNull())
        .addColumn('nonce', 'text', (c) => c.notNull().unique())
        .addColumn('input', 'text', (c) => c.notNull())
        .addColumn('created_at_ms', 'integer', (c) => c.notNull())
        .addColumn('ended_at_ms', 'integer')
        .addColumn('percent', 'integer')
        .addColumn('note', 'text')
        .addColumn('result', 'text')
        .addColumn('error', 'text')
        .addColumn('can_cancel', 'integer', (c) => c.notNull())
        .addColumn('cancel_requested', 'integer', (c) => c.notNull())
        .execute()
      await db.schema
        .createIndex('jobs_of_vm')
        .on('jobs')
        .columns(['host', 'vm_uuid', 'created_at_ms'])
        .execute()
      await db.schema
        .createTable('tainted_layers')
        .addColumn('host', 'text', (c) => c.notNull())
        .addColumn('path', 'text', (c) => c.notNull())
        .addColumn('vm_uuid', 'text', (c) => c.notNull())
        .addColumn('reason', 'text', (c) => c.notNull())
        .addColumn('since_ms', 'integer', (c) => c.notNull())
        .addColumn('job_id', 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('tainted_layers_key', ['host', 'path', 'job_id'])
        .execute()
    },
  },
  '0002-durable-operations': {
    async up(db: Kysely<unknown>) {
      const add = (column: string, type: 'text' | 'integer', fallback?: string | number) =>
        db.schema
          .alterTable('jobs')
          .addColumn(column, type, (c) => (fallback === undefined ? c : c.notNull().defaultTo(fallback)))
          .execute()
      await add('version', 'text', '1')
      await add('run', 'integer', 1)
      await add('mode', 'text', 'do')
      await add('locks', 'text', '[]')
      await add('begun_at_ms', 'integer')
      await add('offers', 'text', '[]')
      await add('request', 'text')
      await add('copied_bytes', 'integer')
      await add('kept', 'text', '{}')
      await db.schema.alterTable('tainted_layers').addColumn('top_path', 'text').execute()
      // What an older Keyframe began had no queue to wait in.
      await db
        .updateTable('jobs' as never)
        .set({ begun_at_ms: sql.ref('created_at_ms') } as never)
        .execute()
      await db.schema
        .createTable('job_steps')
        .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
        .addColumn('job_id', 'text', (c) => c.notNull().references('jobs.id'))
        .addColumn('run', 'integer', (c) => c.notNull())
        .addColumn('mode', 'text', (c) => c.notNull())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('status', 'text', (c) => c.notNull())
        .addColumn('begun_at_ms', 'integer', (c) => c.notNull())
        .addColumn('ended_at_ms', 'integer')
        .addColumn('outcome', 'text')
        .execute()
      await db.schema.createIndex('job_steps_of_job').on('job_steps').column('job_id').execute()
      await db.schema
        .createTable('job_calls')
        .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
        .addColumn('step_id', 'integer', (c) => c.notNull().references('job_steps.id'))
        .addColumn('procedure', 'text', (c) => c.notNull())
        .addColumn('virsh', 'text', (c) => c.notNull())
        .addColumn('xml', 'text')
        .addColumn('begun_at_ms', 'integer', (c) => c.notNull())
        .addColumn('ended_at_ms', 'integer')
        .addColumn('outcome', 'text')
        .execute()
      await db.schema.createIndex('job_calls_of_step').on('job_calls').column('step_id').execute()
      await db.schema
        .createTable('freezes')
        .addColumn('host', 'text', (c) => c.notNull())
        .addColumn('vm_uuid', 'text', (c) => c.notNull())
        .addColumn('begun_at_ms', 'integer', (c) => c.notNull())
        .addColumn('deadline_ms', 'integer', (c) => c.notNull())
        .addPrimaryKeyConstraint('freezes_key', ['host', 'vm_uuid'])
        .execute()
      await db.schema
        .createTable('sound_layers')
        .addColumn('host', 'text', (c) => c.notNull())
        .addColumn('path', 'text', (c) => c.notNull())
        .addColumn('modified_ms', 'integer', (c) => c.notNull())
        .addColumn('as_of_ms', 'integer', (c) => c.notNull())
        .addColumn('reason', 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('sound_layers_key', ['host', 'path'])
        .execute()
    },
  },
  '0003-team': teamMigration,
  '0004-backups': backupsMigration,
  '0005-schedules': schedulesMigration,
  '0006-shares': sharesMigration,
  '0007-notifications': notificationsMigration,
  '0008-lists': listsMigration,
  '0009-left-out': leftOutMigration,
  '0010-access': accessMigration,
  '0011-secrets': secretsMigration,
  '0012-signed-backups': signedBackupsMigration,
  '0013-active-layers': activeLayersMigration,
  '0014-backing-files': backingFilesMigration,
}
