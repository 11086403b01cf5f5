import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, sql, SqliteDialect } from 'kysely'
import { afterAll, expect, it } from 'vitest'
import { MIGRATIONS } from './migrations.ts'
import type { Schema } from './schema.ts'
import { openSqlite } from './sqlite.ts'

const directory = mkdtempSync(join(tmpdir(), 'kf-migrate-'))
const db = new Kysely<Schema>({
  dialect: new SqliteDialect({ database: async () => openSqlite(join(directory, 'keyframe.db')) }),
})
afterAll(async () => {
  await db.destroy()
  rmSync(directory, { recursive: true })
})

it('takes what was before the upgrade as told: protection, ends of jobs, and jobs that wait', async () => {
  const [own, ...before] = Object.keys(MIGRATIONS)
    .filter((name) => name <= '0007-notifications')
    .reverse()
  expect(own).toBe('0007-notifications')
  for (const name of before.reverse()) await MIGRATIONS[name]!.up(db as Kysely<unknown>)
  const job = (id: string, status: string) =>
    sql`INSERT INTO jobs (id, kind, host, vm_uuid, vm_name, title, status, by, nonce, input, created_at_ms, can_cancel, cancel_requested) VALUES (${id}, 'merge', 'lab', 'v1', 'web', 'Merge', ${status}, 'admin', ${id}, '{}', 2, 0, 0)`.execute(
      db,
    )
  await job('j1', 'running')
  await job('j2', 'waiting')
  await sql`UPDATE jobs SET status = 'failed', ended_at_ms = 4 WHERE id = 'j1'`.execute(db)
  await sql`INSERT INTO protection_states (host, vm_uuid, vm_name, state, reason, sentence, since_ms) VALUES ('lab', 'v1', 'web', 'at-risk', 'failed', 'It failed.', 3)`.execute(
    db,
  )

  await MIGRATIONS[own!]!.up(db as Kysely<unknown>)
  expect(await db.selectFrom('notification_told').selectAll().orderBy('subject').execute()).toEqual([
    { subject: 'job:j2:1', state: 'waiting', reason: null },
    { subject: 'vm:lab/v1', state: 'at-risk', reason: 'failed' },
  ])
  expect(await db.selectFrom('notification_progress').selectAll().execute()).toEqual([
    { name: 'job-ends', value: 1 },
  ])
})
