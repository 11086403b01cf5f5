import 'server-only'
import { posix } from 'node:path'
import type { Connect, StoragePool, StorageVol } from 'node-libvirt'
import { readQcow2Header } from '../../hosts/qcow2-header.ts'
import { Refusal } from '../../jobs/refusal.ts'
import type { LogCall } from '../../jobs/step-log.ts'
import {
  fileBytes,
  findVolume,
  FolderWriter,
  getFile,
  readBytes,
  withFolder,
} from '../targets/backup-folder.ts'
import { folderOf } from '../catalogue/catalogue.ts'
import {
  MANIFEST_FILE,
  MANIFEST_MAX_BYTES,
  readManifest,
  SIGNATURE_FILE,
  type BackupFile,
  type Manifest,
} from '../catalogue/manifest.ts'
import { isMarked } from '../targets/own-folder.ts'
import { headerFault } from '../check/qcow2-structure.ts'
import type { Target } from '../targets/targets.ts'
import { UNFINISHED_FILE } from './unfinished-mark.ts'

const HEADER_READ_BYTES = 4_096
const NOT_OURS = 'Keyframe did not write it'

/** What a removal left in a directory: names that Keyframe did not write, or that are no longer what it wrote. */
export interface LeftBehind {
  name: string
  why: string
}

/**
 * Removes the files of a backup, exactly those that its manifest in the catalogue lists, and then its directory. Before each file goes the
 * directory's own manifest must be that one, and the file must have the length, and as an image the header, that the manifest says: a
 * link to another directory, or a file that was put in one's place, is left alone. What is gone already is fine.
 * @returns what stays. Throws Refusal when the directory is not the backup's: nothing is removed then.
 */
export async function removeBackupFiles(
  connect: Connect,
  target: Pick<Target, 'path'>,
  manifest: Manifest,
  call: LogCall,
): Promise<LeftBehind[]> {
  const left: LeftBehind[] = []
  const isThere = (await withFolder(connect, target.path, (pool) => findVolume(pool, manifest.id))) !== null
  if (!isThere) return left
  const folder = folderOf(target, manifest.id)
  await withFolder(connect, folder, async (pool) => {
    const names = (await pool.listAllVolumes()).map((volume) => volume.name)
    // A removal that was broken off had taken all of ours but the directory.
    if (!names.some((name) => name === MANIFEST_FILE || manifest.files.some((file) => file.name === name))) {
      left.push(...names.map((name) => ({ name, why: NOT_OURS })))
      return
    }
    const writer = new FolderWriter(connect, pool, call)
    for (const file of manifest.files) {
      await requireSeal(pool, folder, manifest)
      const volume = await findVolume(pool, file.name)
      const why = volume && (await whyNotOurs(volume, file, manifest))
      if (why) left.push({ name: file.name, why })
      else await writer.remove(file.name)
    }
    await requireSeal(pool, folder, manifest)
    for (const name of [SIGNATURE_FILE, UNFINISHED_FILE, MANIFEST_FILE]) await writer.remove(name)
    for (const { name } of await pool.listAllVolumes())
      if (!left.some((each) => each.name === name)) left.push({ name, why: NOT_OURS })
  })
  if (left.length === 0) await removeEmptyFolder(connect, target, manifest.id, call)
  return left
}

async function requireSeal(pool: StoragePool, folder: string, manifest: Manifest): Promise<void> {
  const text =
    (await getFile(pool, MANIFEST_FILE, MANIFEST_MAX_BYTES).catch(() => null))?.toString('utf8') ?? null
  const read = text === null ? null : readManifest(text)
  if (read !== null && 'manifest' in read && read.manifest.seal === manifest.seal) return
  const found = text === null ? `it has no ${MANIFEST_FILE}` : `its ${MANIFEST_FILE} is another one`
  throw new Refusal(
    `${folder} is not the directory that Keyframe wrote: ${found}. Nothing more was removed there. Look at it on the hypervisor.`,
  )
}

async function whyNotOurs(volume: StorageVol, file: BackupFile, manifest: Manifest): Promise<string | null> {
  const bytes = await fileBytes(volume)
  if (bytes !== file.bytes) return `it has ${bytes} bytes, and Keyframe wrote ${file.bytes}`
  const disk = manifest.disks.find((each) => each.file === file.name)
  if (!disk) return null
  try {
    return headerFault(readQcow2Header(await readBytes(volume, 0, Math.min(HEADER_READ_BYTES, bytes))), disk)
  } catch (error) {
    return `it is not the image that Keyframe wrote: ${(error as Error).message}`
  }
}

/**
 * Removes what a backup that was not finished has written: by name, and only in a directory that carries the mark of this backup.
 * @returns what stays. Throws Refusal when the directory has no such mark: nothing is removed then.
 */
export async function removeUnfinishedFiles(
  connect: Connect,
  target: Pick<Target, 'id' | 'path'>,
  id: string,
  names: readonly string[],
  call: LogCall,
): Promise<LeftBehind[]> {
  const left: LeftBehind[] = []
  if ((await withFolder(connect, target.path, (pool) => findVolume(pool, id))) === null) return left
  const folder = folderOf(target, id)
  await withFolder(connect, folder, async (pool) => {
    if ((await pool.listAllVolumes()).length === 0) return
    const requireMark = async () => {
      if (!(await isMarked(pool, target, id)))
        throw new Refusal(
          `${posix.join(folder, UNFINISHED_FILE)} is missing, or not the one that Keyframe wrote: nothing more was removed there. Look at the directory on the hypervisor.`,
        )
    }
    await requireMark()
    const writer = new FolderWriter(connect, pool, call)
    for (const name of names) {
      await writer.remove(name)
      await requireMark()
    }
    for (const { name } of await pool.listAllVolumes())
      if (name !== UNFINISHED_FILE) left.push({ name, why: NOT_OURS })
    // While somebody's file stays, the mark stays too: only with it does the next try get past the check above.
    if (left.length === 0) await writer.remove(UNFINISHED_FILE)
  })
  if (left.length === 0) await removeEmptyFolder(connect, target, id, call)
  return left
}

const removeEmptyFolder = (connect: Connect, target: Pick<Target, 'path'>, id: string, call: LogCall) =>
  withFolder(connect, target.path, (pool) => new FolderWriter(connect, pool, call).remove(id))

/** What stays, as one sentence; null when nothing does. */
export function leftSentence(folder: string, left: readonly LeftBehind[]): string | null {
  return left.length === 0
    ? null
    : `${left.length === 1 ? 'This file stays' : 'These files stay'} in ${folder}: ${left.map(({ name, why }) => `${name} (${why})`).join(', ')}. Remove ${left.length === 1 ? 'it' : 'them'} by hand if nobody needs ${left.length === 1 ? 'it' : 'them'}.`
}
