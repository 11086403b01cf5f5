import 'server-only'
import { posix } from 'node:path'
import type { Connect, StoragePool } from 'node-libvirt'
import { Refusal } from '../../jobs/refusal.ts'
import type { LogCall } from '../../jobs/step-log.ts'
import { FolderWriter, getFile, withFolder } from './backup-folder.ts'
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
  call: LogCall,
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
      const mark = Buffer.from(unfinishedMark(target.id, id))
      await new FolderWriter(connect, pool, call).putFile(UNFINISHED_FILE, mark)
    },
    call,
  )
}

/** Writes into the directory of a backup that is begun; `call` records what is done. Throws Refusal when it is not the one that this Keyframe made: nothing is written then. */
export async function inOwnFolder<T>(
  connect: Connect,
  target: TargetDirectory,
  id: string,
  call: LogCall,
  act: (writer: FolderWriter) => Promise<T>,
): Promise<T> {
  return withFolder(connect, folderOf(target, id), async (pool) => {
    if (!(await isMarked(pool, target, id))) throw new Refusal(notOurs(target, id))
    return act(new FolderWriter(connect, pool, call))
  })
}

const notOurs = (target: TargetDirectory, id: string) =>
  `${posix.join(target.path, id)} is not the directory that Keyframe made for this backup: its mark (${UNFINISHED_FILE}) is missing. Somebody replaced it. Nothing was written there, and nothing removed.`
