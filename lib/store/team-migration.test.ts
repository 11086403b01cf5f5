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

it('makes users of before admins, and keeps what the log held, with each act’s job and its end', async () => {
  for (const name of ['0001-first', '0002-durable-operations'])
    await MIGRATIONS[name]!.up(db as Kysely<unknown>)
  await sql`INSERT INTO users (id, name, password_hash, disabled, created_at_ms) VALUES ('u1', 'admin', 'h', 0, 1), ('u2', 'bob', 'h', 1, 1)`.execute(
    db,
  )
  await sql`INSERT INTO sessions (id, user_id, created_at_ms, seen_at_ms, expires_at_ms, agent) VALUES ('s1', 'u1', 1, 5, 9, ''), ('s2', 'u1', 1, 7, 9, '')`.execute(
    db,
  )
  await sql`INSERT INTO jobs (id, kind, host, vm_uuid, vm_name, title, status, by, nonce, input, created_at_ms, ended_at_ms, error, can_cancel, cancel_requested)
    VALUES ('j1', 'merge', 'lab', 'v1', 'web', 'Merge', 'failed', 'admin', 'n1', '{}', 2, 4, 'No space.', 0, 0)`.execute(
    db,
  )
  const old = (at: number, act: string, asked: string, outcome: string | null) =>
    sql`INSERT INTO audit (at_ms, user_name, act, asked, outcome) VALUES (${at}, 'admin', ${act}, ${asked}, ${outcome})`.execute(
      db,
    )
  await old(2, 'merge.start', '{"host":"lab","vm":"v1","nonce":"n1"}', 'ok')
  await old(3, 'snapshot.create', '{"host":"lab","vm":"v1","name":"s1","nonce":"n2"}', 'web is busy.')
  await old(
    3,
    'vm.power',
    '{"host":"lab","vm":"v1","clipped":"…',
    'This did not work, for a reason that Keyframe does not know.',
  )
  await old(3, 'vm.power', '["no object"]', null)

  await MIGRATIONS['0003-team']!.up(db as Kysely<unknown>)
  expect(await db.selectFrom('users').select(['name', 'role', 'seen_at_ms']).orderBy('id').execute()).toEqual(
    [
      { name: 'admin', role: 'admin', seen_at_ms: 7 },
      { name: 'bob', role: 'admin', seen_at_ms: null },
    ],
  )
  expect(
    await db
      .selectFrom('audit')
      .select(['id', 'host', 'vm_uuid', 'vm_name', 'snapshot'])
      .orderBy('id')
      .execute(),
  ).toEqual([
    { id: 1, host: 'lab', vm_uuid: 'v1', vm_name: 'web', snapshot: null },
    { id: 2, host: 'lab', vm_uuid: 'v1', vm_name: 'web', snapshot: 's1' },
    { id: 3, host: null, vm_uuid: null, vm_name: null, snapshot: null },
    { id: 4, host: null, vm_uuid: null, vm_name: null, snapshot: null },
  ])
  expect(
    await db
      .selectFrom('audit_results')
      .select(['audit_id', 'result', 'sentence', 'job_id'])
      .orderBy('audit_id')
      .execute(),
  ).toEqual([
    { audit_id: 1, result: 'ok', sentence: null, job_id: 'j1' },
    { audit_id: 2, result: 'refused', sentence: 'web is busy.', job_id: null },
    { audit_id: 3, result: 'failed', sentence: expect.stringContaining('This did not work'), job_id: null },
  ])
  expect(
    await db.selectFrom('audit_job_ends').select(['job_id', 'at_ms', 'status', 'sentence']).execute(),
  ).toEqual([{ job_id: 'j1', at_ms: 4, status: 'failed', sentence: 'No space.' }])
  await expect(sql`DELETE FROM audit`.execute(db)).rejects.toThrow(/append-only/)
})
