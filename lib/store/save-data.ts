import 'server-only'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { keysThere } from '../secrets/next-key.ts'
import { keyIdOf, storedSecretsKeyId } from '../secrets/stored-secret.ts'
import { SECRET_COLUMNS } from './secret-columns.ts'

/** ms that reading waits for another's lock. */
const BUSY_TIMEOUT_MS = 10_000
const UNFINISHED =
  'This Keyframe began anew from a copy of its data, and this job was under way when the copy was made: what became of it is not known here. Look at the VM, and at Check & repair.'

/**
 * Copies a data directory into a new one, `destination`, while Keyframe runs or not. The copy is of one instant, and can be served as it is: jobs that
 * were under way then are ended in it, for to take them up later, on disks that have gone on, would do harm; sessions and one-time links
 * are left out. The engine's own database (jobs.db) is not copied: without unfinished jobs it holds nothing that matters.
 * The key is copied with it, as `secret`, wherever it lies (`keyPath`): what is stored can't be read without.
 * @returns null, or a sentence where that key is not the one that secrets are written with. Throws an Error with a sentence; then there
 * is no `destination`.
 */
export function saveData(dataDirectory: string, destination: string, keyPath: string): string | null {
  const to = resolve(destination)
  if (!existsSync(join(dataDirectory, 'keyframe.db')))
    throw new Error(
      `There is no Keyframe database in ${dataDirectory}. Set KEYFRAME_DATA as Keyframe runs with it.`,
    )
  if (existsSync(to))
    throw new Error(`${to} exists already. Name a folder that does not: nothing is overwritten.`)
  mkdirSync(dirname(to), { recursive: true })
  // Whole under its name, or not at all.
  const partial = mkdtempSync(join(dirname(to), `.${basename(to)}.`))
  try {
    chmodSync(partial, 0o700)
    const file = join(partial, 'keyframe.db')
    const keys = keysThere(keyPath)
    const source = new DatabaseSync(join(dataDirectory, 'keyframe.db'), {
      readOnly: true,
      timeout: BUSY_TIMEOUT_MS,
    })
    try {
      // One read transaction: those who write go on meanwhile.
      source.prepare('VACUUM INTO ?').run(file)
    } finally {
      source.close()
    }
    chmodSync(file, 0o600)
    endWhatWasUnderWay(file)
    const { key, fits } = keyOf(file, [...keys, ...keysThere(keyPath)])
    if (key !== undefined) writeFileSync(join(partial, 'secret'), key, { mode: 0o600 })
    else if (!fits)
      throw new Error(
        `There is no key in ${keyPath} that this user can read, and what is stored can't be read without. Set KEYFRAME_SECRET_FILE as Keyframe runs with it.`,
      )
    renameSync(partial, to)
    return fits
      ? null
      : `The key in ${keyPath} is not the one with which the secrets in the database are written: they can't be read from the copy. Set KEYFRAME_SECRET_FILE as Keyframe runs with it, and save again.`
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    throw error
  }
}

/** Of the keys that were there before and after the copy was made, the one that its secrets are written with; `fits`: false when none is. */
function keyOf(file: string, keys: readonly string[]): { key: string | undefined; fits: boolean } {
  const copy = new DatabaseSync(file, { readOnly: true })
  try {
    // What is older than this table keeps its secrets in the clear.
    if (
      copy.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'secret_state'").get() ===
      undefined
    )
      return { key: keys[0], fits: true }
    const rotated = copy.prepare('SELECT key_id FROM secret_state').get()?.key_id
    const used = SECRET_COLUMNS.flatMap(({ table, column }) =>
      copy
        .prepare(`SELECT ${column} AS stored FROM ${table}`)
        .all()
        .map((row) => keyIdOf(String(row.stored))),
    )
    const withId = (ids: readonly unknown[]) => keys.find((key) => ids.includes(storedSecretsKeyId(key)))
    const key = withId([rotated]) ?? withId(used)
    return {
      key: key ?? keys[0],
      fits: used.length === 0 || (key !== undefined && used.includes(storedSecretsKeyId(key))),
    }
  } finally {
    copy.close()
  }
}

function endWhatWasUnderWay(file: string): void {
  const copy = new DatabaseSync(file)
  // What is deleted must not be readable in the file: an id of a session and the secret beside it are a way in.
  copy.exec('PRAGMA secure_delete = ON')
  // The data of an older Keyframe, before it is brought up to date, knows fewer columns and tables.
  const names = (sql: string, ...of: string[]) =>
    new Set(
      copy
        .prepare(sql)
        .all(...of)
        .map((row) => String(row.name)),
    )
  try {
    const columns = names("SELECT name FROM pragma_table_info('jobs')")
    const tables = names("SELECT name FROM sqlite_master WHERE type = 'table'")
    copy.exec('BEGIN')
    copy
      .prepare(
        `UPDATE jobs SET status = 'failed', error = ?, ended_at_ms = ?, note = NULL, can_cancel = 0${columns.has('offers') ? ", offers = '[]', request = NULL" : ''} WHERE status IN ('queued', 'running', 'waiting')`,
      )
      .run(UNFINISHED, Date.now())
    for (const table of ['sessions', 'setup_tokens', 'freezes'])
      if (tables.has(table)) copy.exec(`DELETE FROM ${table}`)
    copy.exec('COMMIT')
  } finally {
    copy.close()
  }
}
