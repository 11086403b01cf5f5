import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, sql, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { decryptSecret, storedSecretsKeyId } from '../secrets/stored-secret.ts'
import { forgetSettings } from '../settings/settings.ts'
import { MIGRATIONS } from './migrations.ts'
import { openSqlite } from './sqlite.ts'
import { closeStore, openStore, store } from './store.ts'

const [KEPT, REMOVED] = [
  'https://hooks.example/kept-clear-secret',
  'https://hooks.example/removed-clear-secret',
]
let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kf-secrets-'))
  process.env.KEYFRAME_DATA = directory
  forgetSettings()
})
afterEach(async () => {
  await closeStore()
  rmSync(directory, { recursive: true })
})

const openOld = () =>
  new Kysely<unknown>({
    dialect: new SqliteDialect({ database: async () => openSqlite(join(directory, 'keyframe.db')) }),
  })
const upTo = async (db: Kysely<unknown>, last: string) => {
  const migrations = Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => name <= last))
  expect(
    (await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest()).error,
  ).toBeUndefined()
}
/** A database as an older Keyframe left it: a channel, and one that was removed. */
async function writeOld(): Promise<void> {
  const db = openOld()
  await upTo(db, '0009-left-out')
  await sql`INSERT INTO users (id, name, password_hash, disabled, created_at_ms) VALUES ('u1', 'ann', 'h', 0, 1)`.execute(
    db,
  )
  for (const [id, url] of [
    ['c1', KEPT],
    ['c2', REMOVED],
  ]) {
    await sql`INSERT INTO notification_channels (id, kind, name, settings, secrets, hears_protection, hears_jobs, time_zone, digest_handled_until_ms, created_at_ms, created_by) VALUES (${id}, 'json', ${id}, '{"room":null}', ${JSON.stringify({ url, token: `${url} `.repeat(id === 'c1' ? 1 : 1_000) })}, 1, 1, 'UTC', 0, 1, 'ann')`.execute(
      db,
    )
  }
  await sql`DELETE FROM notification_channels WHERE id = 'c2'`.execute(db)
  await db.destroy()
}
const bytesOnDisk = () =>
  ['keyframe.db', 'keyframe.db-wal']
    .map((name) => join(directory, name))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n')
async function expectEncrypted(): Promise<void> {
  const [row, ...more] = await store().selectFrom('notification_channels').selectAll().execute()
  expect(more).toEqual([])
  expect(row!.secrets).toMatch(/^kf1:/)
  expect(JSON.parse(decryptSecret(row!.secrets, 'notification_channels/c1'))).toMatchObject({ url: KEPT })
  expect(
    ['kept-clear-secret', 'removed-clear-secret'].filter((secret) => bytesOnDisk().includes(secret)),
  ).toEqual([])
  expect(await store().selectFrom('secret_state').selectAll().execute()).toEqual([
    { id: 1, key_id: storedSecretsKeyId(), clear_free_pages: 0 },
  ])
}

it('what an older Keyframe kept in the clear is encrypted, and nowhere in the file any more', async () => {
  await writeOld()
  expect(bytesOnDisk().includes('removed-clear-secret')).toBe(true)
  await openStore()
  await expectEncrypted()
})

it('a start that ended between the two is finished by the next one', async () => {
  await writeOld()
  const db = openOld()
  await upTo(db, '0011-secrets')
  await db.destroy()
  expect(bytesOnDisk().includes('removed-clear-secret')).toBe(true)
  await openStore()
  await expectEncrypted()
})

it('a new database has nothing to clear', async () => {
  await openStore()
  expect(await store().selectFrom('secret_state').selectAll().execute()).toEqual([
    { id: 1, key_id: storedSecretsKeyId(), clear_free_pages: 0 },
  ])
})
