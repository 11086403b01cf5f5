import 'server-only'
import { posix } from 'node:path'
import type { Connect, StoragePool } from 'node-libvirt'
import { Refusal } from '../../jobs/refusal.ts'
import { getFile, putFile, withFolder } from './backup-folder.ts'
import { folderOf } from '../catalogue/catalogue.ts'
import {
  isUnfinishedMark,
  UNFINISHED_FILE,
  UNFINISHED_MAX_BYTES,
  unfinishedMark,
} from '../retention/unfinished-mark.ts'
import type { Target } from './targets.ts'

type TargetDirectory = Pick<Target, 'id' | 'path'>

/** True when the directory holds the mark of this backup. */
export async function isMarked(pool: StoragePool, target: TargetDirectory, id: string): Promise<boolean> {
  const mark = await getFile(pool, UNFINISHED_FILE, UNFINISHED_MAX_BYTES).catch(() => null)
  return isUnfinishedMark(mark?.toString('utf8') ?? null, target.id, id)
}

/**
 * Makes the directory of a backup that is begun, with the mark that shows whose it is. One that is there already must carry the mark, or be empty: a
 * process before this one was killed between the two. `isOld`: a job of an older Keyframe made it, which wrote no mark. Throws Refusal.
 */
export async function makeOwnFolder(
  connect: Connect,
  target: TargetDirectory,
  id: string,
  { isOld = false } = {},
): Promise<void> {
  await withFolder(
    connect,
    folderOf(target, id),
    async (pool) => {
      if (await isMarked(pool, target, id)) return
      const others = (await pool.listAllVolumes()).filter((volume) => volume.name !== UNFINISHED_FILE)
      // A file server may show a link to another directory as one that was just made.
      if (others.length > 0 && !isOld) throw new Refusal(notOurs(target, id))
      await putFile(pool, UNFINISHED_FILE, Buffer.from(unfinishedMark(target.id, id)))
    },
    true,
  )
}

/** Runs `act` in the directory of a backup that is begun. Throws Refusal when it is not the one that this Keyframe made: nothing is written then. */
export async function inOwnFolder<T>(
  connect: Connect,
  target: TargetDirectory,
  id: string,
  act: (pool: StoragePool) => Promise<T>,
): Promise<T> {
  return withFolder(connect, folderOf(target, id), async (pool) => {
    if (!(await isMarked(pool, target, id))) throw new Refusal(notOurs(target, id))
    return act(pool)
  })
}

const notOurs = (target: TargetDirectory, id: string) =>
  `${posix.join(target.path, id)} is not the directory that Keyframe made for this backup: its mark (${UNFINISHED_FILE}) is missing. Somebody replaced it. Nothing was written there, and nothing removed.`
