import 'server-only'
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { Host } from '../../hosts/host.ts'
import { fileBytes, findVolume, readBytes, withFolder } from '../targets/backup-folder.ts'
import type { BackupFile } from '../catalogue/manifest.ts'
import { checkQcow2, type ImageExpected } from './qcow2-structure.ts'
import { paceOf, ReadingPace, type Reading } from './reading-pace.ts'

const CHUNK_BYTES = 4 * 1024 * 1024
/** Under a low limit the pieces are small: who cancels, or changes the limit, waits for one of them at most. */
const CHUNKS_A_SECOND = 4

export interface ReadBackOptions {
  /** Gets the bytes read so far, and the file's length; what it throws ends the reading. */
  onProgress?: (bytes: number, ofBytes: number) => Promise<void>
  /** The limit of the job that reads, asked for again and again, bytes a second; 0 = none but the host's. */
  limit?: () => Promise<number>
  /** Of an image: what it must be. */
  expected?: ImageExpected | undefined
  /** Bytes that the file must have: of another length it is not read. */
  onlyBytes?: number
}

export interface ReadBack extends BackupFile {
  /** Of an image: what is wrong with its structure; null when nothing was found, and for other files. */
  fault: string | null
}

/**
 * Reads a file of a backup whole, for its length and SHA-256, on a connection of its own and at the host's pace for such a
 * `reading`; of an image the structure, too. null when there is no such file.
 */
export async function readBack(
  host: Host,
  folder: string,
  name: string,
  reading: Reading,
  { onProgress = async () => undefined, limit = async () => 0, expected, onlyBytes }: ReadBackOptions = {},
): Promise<ReadBack | null> {
  const pace = paceOf(host.name, reading)
  const own = new ReadingPace(Infinity)
  return host.connection.operate((connect) =>
    withFolder(connect, folder, async (pool) => {
      const volume = await findVolume(pool, posix.basename(name))
      if (volume === null) return null
      const bytes = await fileBytes(volume)
      if (onlyBytes !== undefined && bytes !== onlyBytes) return { name, bytes, sha256: '', fault: null }
      const hash = createHash('sha256')
      for (let at = 0; at < bytes;) {
        const most = (await limit()) || Infinity
        const wanted = Math.min(CHUNK_BYTES, Math.max(1, Math.floor(most / CHUNKS_A_SECOND)), bytes - at)
        await own.take(wanted, most)
        await pace.take(wanted)
        const chunk = await readBytes(volume, at, wanted)
        if (chunk.length !== wanted) throw new Error(`${name} became shorter while it was read`)
        hash.update(chunk)
        at += wanted
        await onProgress(at, bytes)
      }
      // Not by the name alone: a manifest may call an image as it likes, and QEMU opens it as qcow2 all the same.
      const fault =
        expected !== undefined || name.endsWith('.qcow2')
          ? await checkQcow2(bytes, (offset, length) => readBytes(volume, offset, length), expected)
          : null
      return { name, bytes, sha256: hash.digest('hex'), fault }
    }),
  )
}
