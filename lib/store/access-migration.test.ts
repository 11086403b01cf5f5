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

it('ends the sessions of before, whose keys lay there as they are, and finds the makers of share links by name', async () => {
  for (const [name, migration] of Object.entries(MIGRATIONS))
    if (name < '0010') await migration.up(db as Kysely<unknown>)
  await sql`INSERT INTO users (id, name, password_hash, disabled, created_at_ms, role) VALUES ('u1', 'ann', 'h', 0, 1, 'admin')`.execute(
    db,
  )
  await sql`INSERT INTO sessions (id, user_id, created_at_ms, seen_at_ms, expires_at_ms, agent) VALUES ('a-key', 'u1', 1, 5, 9, '')`.execute(
    db,
  )
  for (const by of ['ann', 'gone']) {
    await sql`INSERT INTO shares (id, token_hash, kind, host, vm_uuid, label, show_paths, created_by, created_at_ms, expires_at_ms, opened_count)
      VALUES (${by}, ${by}, 'vm', 'h', 'v', 'web', 0, ${by}, 1, 2, 0)`.execute(db)
  }
  await MIGRATIONS['0010-access']!.up(db as Kysely<unknown>)
  expect(await db.selectFrom('sessions').selectAll().execute()).toEqual([])
  expect(
    await db.selectFrom('shares').select(['id', 'created_by', 'created_by_id']).orderBy('id').execute(),
  ).toEqual([
    { id: 'ann', created_by: 'ann', created_by_id: 'u1' },
    { id: 'gone', created_by: 'gone', created_by_id: null },
  ])
  expect(await db.selectFrom('access_marks').selectAll().execute()).toEqual([])
})
