import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, SqliteDialect } from 'kysely'
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

it('believes no file of before to be written to, for VMs that were off are among them', async () => {
  await MIGRATIONS['0013-active-layers']!.up(db as Kysely<unknown>)
  await db
    .insertInto('active_layers')
    .values({ host: 'lab', vm_uuid: 'u', path: '/i/golden', seen_at_ms: 1 })
    .execute()
  await MIGRATIONS['0014-backing-files']!.up(db as Kysely<unknown>)
  expect(await db.selectFrom('active_layers').selectAll().execute()).toEqual([])
  await db
    .insertInto('backing_files')
    .values({ host: 'lab', vm_uuid: 'u', path: '/i/golden', seen_at_ms: 1 })
    .execute()
  expect(await db.selectFrom('backing_files').select('path').execute()).toEqual([{ path: '/i/golden' }])
})
