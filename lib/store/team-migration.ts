import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Tables in which nothing is ever changed or removed, not even by a mistake in Keyframe itself. */
const APPEND_ONLY = ['audit', 'audit_results', 'audit_job_ends']

/** Roles, sessions with their address, one-time links of a user, and the audit log as an append-only record. */
export const teamMigration: Migration = {
  up: (db: Kysely<unknown>) =>
    db.transaction().execute(async (transaction) => {
      await addUserColumns(transaction)
      await addAuditTables(transaction)
      await keepOldRecords(transaction)
      await transaction.schema.alterTable('audit').dropColumn('outcome').execute()
      await recordJobEnds(transaction)
      for (const table of APPEND_ONLY) {
        for (const act of ['update', 'delete']) {
          await sql
            .raw(
              `CREATE TRIGGER ${table}_no_${act} BEFORE ${act} ON ${table} BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END`,
            )
            .execute(transaction)
        }
      }
    }),
}

async function addUserColumns(db: Kysely<unknown>): Promise<void> {
  // Who could sign in so far could do everything.
  await sql`ALTER TABLE users ADD COLUMN role text NOT NULL DEFAULT 'viewer'`.execute(db)
  await sql`UPDATE users SET role = 'admin'`.execute(db)
  await sql`ALTER TABLE users ADD COLUMN seen_at_ms integer`.execute(db)
  await sql`UPDATE users SET seen_at_ms = (SELECT max(seen_at_ms) FROM sessions WHERE user_id = users.id)`.execute(
    db,
  )
  await sql`ALTER TABLE sessions ADD COLUMN address text`.execute(db)
  await sql`ALTER TABLE setup_tokens ADD COLUMN user_id text REFERENCES users(id)`.execute(db)
}

async function addAuditTables(db: Kysely<unknown>): Promise<void> {
  for (const column of [
    'user_id',
    'address',
    'host',
    'vm_uuid',
    'vm_name',
    'snapshot',
    'job_id',
    'subject_user',
  ]) {
    await db.schema.alterTable('audit').addColumn(column, 'text').execute()
  }
  await db.schema
    .createTable('audit_results')
    .addColumn('audit_id', 'integer', (c) => c.primaryKey().references('audit.id'))
    .addColumn('at_ms', 'integer', (c) => c.notNull())
    .addColumn('result', 'text', (c) => c.notNull())
    .addColumn('sentence', 'text')
    .addColumn('job_id', 'text')
    .execute()
  await db.schema
    .createTable('audit_job_ends')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('job_id', 'text', (c) => c.notNull())
    .addColumn('at_ms', 'integer', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('sentence', 'text')
    .execute()
  await db.schema.createIndex('audit_at').on('audit').column('at_ms').execute()
  await db.schema.createIndex('audit_of_vm').on('audit').columns(['host', 'vm_uuid']).execute()
  await db.schema.createIndex('audit_of_job').on('audit').column('job_id').execute()
  await db.schema.createIndex('audit_results_of_job').on('audit_results').column('job_id').execute()
  await db.schema.createIndex('audit_job_ends_of_job').on('audit_job_ends').column('job_id').execute()
}

/** What the log held before: of each act its job, by the nonce of the form, and its outcome. A record that was clipped is no JSON. */
async function keepOldRecords(db: Kysely<unknown>): Promise<void> {
  await sql`UPDATE audit SET host = json_extract(asked, '$.host'), vm_uuid = json_extract(asked, '$.vm'),
    snapshot = coalesce(json_extract(asked, '$.snapshot'), CASE WHEN act = 'snapshot.create' THEN json_extract(asked, '$.name') END),
    job_id = json_extract(asked, '$.jobId') WHERE json_valid(asked) AND asked LIKE '{%'`.execute(db)
  await sql`UPDATE audit SET vm_name = (SELECT vm_name FROM jobs WHERE jobs.host = audit.host AND jobs.vm_uuid = audit.vm_uuid ORDER BY created_at_ms DESC LIMIT 1)`.execute(
    db,
  )
  await sql`INSERT INTO audit_results (audit_id, at_ms, result, sentence, job_id)
    SELECT id, at_ms, CASE WHEN outcome = 'ok' THEN 'ok' WHEN outcome LIKE 'This did not work%' THEN 'failed' ELSE 'refused' END, nullif(outcome, 'ok'),
      CASE WHEN json_valid(asked) AND asked LIKE '{%' THEN (SELECT id FROM jobs WHERE nonce = json_extract(audit.asked, '$.nonce')) END
    FROM audit WHERE outcome IS NOT NULL`.execute(db)
  await sql`INSERT INTO audit_job_ends (job_id, at_ms, status, sentence) SELECT id, ended_at_ms, status, error FROM jobs WHERE ended_at_ms IS NOT NULL ORDER BY ended_at_ms`.execute(
    db,
  )
}

/** In the database itself: a job's end and its record are one write, whichever code ended it. A retry ends anew. */
async function recordJobEnds(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE TRIGGER jobs_end_recorded AFTER UPDATE OF ended_at_ms ON jobs WHEN NEW.ended_at_ms IS NOT NULL AND OLD.ended_at_ms IS NULL BEGIN
    INSERT INTO audit_job_ends (job_id, at_ms, status, sentence) VALUES (NEW.id, NEW.ended_at_ms, NEW.status, NEW.error); END`.execute(
    db,
  )
}
