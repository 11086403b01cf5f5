import 'server-only'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'

/** Another process owns the data directory. The message is a sentence. */
export class DataInUse extends Error {
  override name = 'DataInUse'
}

/**
 * One process owns a data directory: two would both run its jobs. The lock is SQLite's own on a file beside the
 * database, so that the kernel releases it however the process ends. Throws DataInUse.
 */
export function lockData(dataDirectory: string): { release(): void } {
  const database = new DatabaseSync(join(dataDirectory, 'lock'), { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw new DataInUse(
      `Another Keyframe process uses the data in ${dataDirectory}. Stop it first, or give this one a KEYFRAME_DATA of its own.`,
      { cause },
    )
  }
  return { release: () => database.close() }
}
