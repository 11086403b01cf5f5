import 'server-only'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'

/**
 * One process owns a data directory: two would both run its jobs. The lock is SQLite's own on a file beside the
 * database, so that the kernel releases it however the process ends. Throws an Error with a sentence.
 */
export function lockData(dataDirectory: string): { release(): void } {
  const database = new DatabaseSync(join(dataDirectory, 'lock'), { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw new Error(`Another Keyframe process uses the data in ${dataDirectory}. Stop it first, or give this one a KEYFRAME_DATA of its own.`, { cause })
  }
  return { release: () => database.close() }
}
