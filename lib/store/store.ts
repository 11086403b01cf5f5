import 'server-only'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { settings } from '../settings/settings.ts'
import { lockData } from './data-lock.ts'
import { MIGRATIONS } from './migrations.ts'
import type { Schema } from './schema.ts'
import { openSqlite } from './sqlite.ts'

interface Opened {
  db: Kysely<Schema>
  lock: { release(): void }
}

interface Shared { keyframeStore?: Opened }
// Next evaluates this module up to three times in one process (DESIGN.md, section 8).
const shared = globalThis as Shared

/** Makes the data directory, for its owner only. */
export function makeDataDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
}

/** The database of this process. Opened on first use; openStore must have brought it up to date. */
export function store(): Kysely<Schema> {
  return (shared.keyframeStore ??= open(settings().dataDirectory)).db
}

function open(dataDirectory: string): Opened {
  makeDataDirectory(dataDirectory)
  const lock = lockData(dataDirectory)
  const path = join(dataDirectory, 'keyframe.db')
  return { db: new Kysely<Schema>({ dialect: new SqliteDialect({ database: async () => openSqlite(path) }) }), lock }
}

/** Opens the database and brings it up to date. Rejects with a sentence when another process owns it, or a migration fails. */
export async function openStore(): Promise<void> {
  const migrator = new Migrator({ db: store(), provider: { getMigrations: async () => MIGRATIONS } })
  const { error } = await migrator.migrateToLatest()
  if (error) throw new Error(`The database in ${settings().dataDirectory} can’t be brought up to date: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
}

export async function closeStore(): Promise<void> {
  const opened = shared.keyframeStore
  delete shared.keyframeStore
  await opened?.db.destroy()
  opened?.lock.release()
}
