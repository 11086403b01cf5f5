import 'server-only'
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely, sql, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { forgetMasterKey, masterKeyPath } from '../secrets/master-key.ts'
import { settleNextKey } from '../secrets/next-key.ts'
import { storedSecretsKeyId } from '../secrets/stored-secret.ts'
import { perProcess } from '../server/per-process.ts'
import { settings } from '../settings/settings.ts'
import { clearFreePages } from './clear-free-pages.ts'
import { lockData } from './data-lock.ts'
import { MIGRATIONS } from './migrations.ts'
import { keepFilesPrivate } from './private-files.ts'
import { saveData } from './save-data.ts'
import type { Schema } from './schema.ts'
import { openSqlite } from './sqlite.ts'

interface Opened {
  db: Kysely<Schema>
  lock: { release(): void }
}

const shared = perProcess<{ store?: Opened }>('store/store', () => ({}))

/** Makes the data directory, for its owner only. */
export function makeDataDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
}

/** The database of this process. Opened on first use; openStore must have brought it up to date. */
export function store(): Kysely<Schema> {
  return (shared.store ??= open(settings().dataDirectory)).db
}

const databasePath = (dataDirectory: string) => join(dataDirectory, 'keyframe.db')
const connect = (path: string) =>
  new Kysely<Schema>({ dialect: new SqliteDialect({ database: async () => openSqlite(path) }) })
const migratorOf = (db: Kysely<Schema>) =>
  new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })

function open(dataDirectory: string): Opened {
  makeDataDirectory(dataDirectory)
  keepFilesPrivate(dataDirectory)
  const lock = lockData(dataDirectory)
  return { db: connect(databasePath(dataDirectory)), lock }
}

/** True when there is a database already. */
export const hasStore = (): boolean => existsSync(databasePath(settings().dataDirectory))

/** For a command that runs beside the process that owns the data: opens the database as it is. Rejects with a sentence when it is not up to date. */
export async function openStoreBeside(): Promise<void> {
  const db = connect(databasePath(settings().dataDirectory))
  const missing = (await migratorOf(db).getMigrations()).filter(
    (migration) => migration.executedAt === undefined,
  )
  if (missing.length > 0) {
    await db.destroy()
    throw new Error('The Keyframe that runs is older than this command. Start the newer one first.')
  }
  shared.store = { db, lock: { release: () => undefined } }
}

/**
 * Opens the database, ends a change of keys that was broken off, and brings it up to date; what there was before is kept beside it, for an older Keyframe can't read what a newer one
 * made of it. `withAnyKey`: also when the key is not the one that secrets were written with. Rejects with a sentence when another process owns it, there is no room for that copy, or a migration fails.
 */
export async function openStore({ withAnyKey = false } = {}): Promise<void> {
  if (settleNextKey(masterKeyPath(settings()), await rotatedKeyId(store()))) forgetMasterKey()
  const migrations = await migratorOf(store()).getMigrations()
  const next = migrations.find((migration) => migration.executedAt === undefined)
  if (next && migrations.some((migration) => migration.executedAt !== undefined)) keepBefore(next.name)
  const { error } = await migratorOf(store()).migrateToLatest()
  if (error)
    throw new Error(
      `The database in ${settings().dataDirectory} can’t be brought up to date: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  if (!withAnyKey) await refuseOtherKey()
  await clearFreePages(store()).catch((error: unknown) => {
    process.stderr.write(
      `keyframe: The database in ${settings().dataDirectory} could not be written without what was deleted in it, which may hold secrets in the clear; the next start tries again: ${error instanceof Error ? error.message : String(error)}\n`,
    )
  })
}

/** Which key what is stored is written with stands in the database from the first start on. Throws an Error with a sentence when another is set. */
async function refuseOtherKey(): Promise<void> {
  const path = masterKeyPath(settings())
  const state = await store().selectFrom('secret_state').select('key_id').executeTakeFirst()
  if (state?.key_id === storedSecretsKeyId()) return
  if (state?.key_id == null) {
    await store().updateTable('secret_state').set({ key_id: storedSecretsKeyId() }).execute()
    return
  }
  throw new Error(
    `The key in ${path} is not the one that the database in ${settings().dataDirectory} was written with. Put that key back, or set KEYFRAME_SECRET_FILE as it was; after an npm run rotate that was broken off it may lie beside the old one, as “.next”. If the key is lost, npm run rotate makes a new one: what was encrypted must then be given again.`,
  )
}

/** The id of the key with which a change of keys last wrote what is stored; null: there was none, or the database is older than that. */
async function rotatedKeyId(db: Kysely<Schema>): Promise<string | null> {
  const { rows } =
    await sql`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'secret_state'`.execute(db)
  return rows.length === 0
    ? null
    : ((await db.selectFrom('secret_state').select('key_id').executeTakeFirst())?.key_id ?? null)
}

function keepBefore(migration: string): void {
  const { dataDirectory } = settings()
  const folder = join(dataDirectory, `before-${migration}`)
  // Of a start that got no further: that copy is the one of before.
  if (existsSync(folder)) return
  try {
    saveData(dataDirectory, folder, masterKeyPath(settings()))
  } catch (cause) {
    throw new Error(
      `The database in ${dataDirectory} was not brought up to date, because what there is could not be copied to ${folder} before: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}

export async function closeStore(): Promise<void> {
  const opened = shared.store
  delete shared.store
  await opened?.db.destroy()
  opened?.lock.release()
}
