import 'server-only'
import { forgetMasterKey, masterKey, masterKeyPath, newMasterKey } from '../secrets/master-key.ts'
import { takeNextKey, writeNextKey } from '../secrets/next-key.ts'
import { decryptSecret, encryptSecret, storedSecretsKeyId } from '../secrets/stored-secret.ts'
import { settings } from '../settings/settings.ts'
import { clearFreePages } from './clear-free-pages.ts'
import { SECRET_COLUMNS, secretOwner } from './secret-columns.ts'
import { store } from './store.ts'

/** Between which two steps a change of keys is; tests break it off there. */
export const ROTATION_POINTS = [
  'before',
  'key written',
  'secrets written',
  'committed',
  'key taken',
  'done',
] as const
export type RotationPoint = (typeof ROTATION_POINTS)[number]

export interface Rotated {
  /** Secrets that are written with the new key. */
  written: number
  /** Those that could not be read with the key of before, and can't with the new one either. */
  unreadable: string[]
}

/**
 * Makes a new master key and writes all that is stored with it. The store must be open, and with it the data locked. Broken off
 * at any point it is settled by the next `openStore`. Throws an Error with a sentence where the key can't be replaced.
 */
export async function rotateKey(reach: (point: RotationPoint) => void = () => undefined): Promise<Rotated> {
  await refuseUnfinishedBackups()
  const path = masterKeyPath(settings())
  const [before, next] = [masterKey(), newMasterKey()]
  reach('before')
  try {
    writeNextKey(path, next)
  } catch (cause) {
    throw new Error(
      `${settings().secretFile === null ? 'KEYFRAME_DATA' : 'KEYFRAME_SECRET_FILE'}: the key in ${path} can't be replaced: ${(cause as Error).message}. Run this as a user who may write there, and with the path of the file itself where a service manager hands in a copy of it. Nothing was changed.`,
      { cause },
    )
  }
  reach('key written')
  const rotated = await store()
    .transaction()
    .execute(async (transaction) => {
      const done: Rotated = { written: 0, unreadable: [] }
      for (const { table, column } of SECRET_COLUMNS) {
        for (const row of await transaction.selectFrom(table).select(['id', column]).execute()) {
          const owner = secretOwner(table, row.id)
          const plain = readOrNull(row[column], owner, before)
          if (plain === null) done.unreadable.push(owner)
          else {
            await transaction
              .updateTable(table)
              .set({ [column]: encryptSecret(plain, owner, next) })
              .where('id', '=', row.id)
              .execute()
            done.written++
          }
        }
      }
      // Cookies are signed with the key, too: nobody can use these any more.
      await transaction.deleteFrom('sessions').execute()
      await transaction
        .updateTable('secret_state')
        .set({ key_id: storedSecretsKeyId(next), clear_free_pages: 1 })
        .execute()
      reach('secrets written')
      return done
    })
  reach('committed')
  takeNextKey(path)
  forgetMasterKey()
  reach('key taken')
  await clearFreePages(store()).catch((error: unknown) => {
    // The next start tries it again.
    process.stderr.write(
      `keyframe: the key is new, but the database could not be written without what was deleted in it: ${error instanceof Error ? error.message : String(error)}\n`,
    )
  })
  reach('done')
  return rotated
}

/** The directory of a backup that is under way carries a mark signed with the key: with another one its job could neither go on nor take it back. */
async function refuseUnfinishedBackups(): Promise<void> {
  const jobs = await store()
    .selectFrom('jobs')
    .select('title')
    .where('kind', 'in', ['backup', 'backup-copy'])
    .where('status', 'in', ['queued', 'running', 'waiting'])
    .execute()
  if (jobs.length > 0)
    throw new Error(
      `“${jobs[0]!.title}” is not finished. Start Keyframe, wait for it or cancel it, and change the key then. Nothing was changed.`,
    )
}

function readOrNull(stored: string, owner: string, key: string): string | null {
  try {
    return decryptSecret(stored, owner, key)
  } catch {
    return null
  }
}
