import 'server-only'
import { perProcess } from '../server/per-process.ts'
import { dataFileOf } from './data-file.ts'
import { download, type ImageFile, type ImageFiles } from './image-files.ts'

/** Second-level tables that are read of one image: 32 MiB with 64 KiB clusters, which map 256 GiB. */
const TABLES_MAXIMUM = 512
const AT_ONCE = 4
const OFFSET_MASK = 0x00fffffffffffe00n
const COMPRESSED = 1n << 62n
const KNOWN_MAXIMUM = 5_000

/** By path, instants and length: what is known of a file that did not change since. */
const known = perProcess('hosts/copy-bytes', () => new Map<string, Promise<number>>())

/** Compressed clusters in one second-level table. Pure. */
export function countCompressed(table: Buffer, entryBytes: number): number {
  let count = 0
  for (let at = 0; at + 8 <= table.length; at += entryBytes)
    if ((table.readBigUInt64BE(at) & COMPRESSED) !== 0n) count++
  return count
}

/**
 * Bytes that a copy of what an image holds may need. Its clusters may be compressed, as those of most cloud images are, and a
 * copy never is; only the tables that say where each cluster lies tell (the header does not). An image of too many tables counts
 * as large as its guest sees it. Throws only when the host is lost.
 */
export function readCopyBytes(files: ImageFiles, image: ImageFile): Promise<number> {
  // The image itself does not change with the file that holds its data.
  if (image.header && image.header.dataFile !== null) return countWithData(files, image)
  const key = `${image.path} ${image.timestamps} ${image.lengthBytes}`
  const before = known.get(key)
  if (before) return before
  if (known.size >= KNOWN_MAXIMUM) known.clear()
  const bytes = count(files, image)
  known.set(key, bytes)
  bytes.catch(() => known.delete(key))
  return bytes
}

/** No cluster of a data file is compressed. */
async function countWithData(files: ImageFiles, image: ImageFile): Promise<number> {
  const path = dataFileOf(image, 'qcow2')
  const data = path === null ? null : await files.read(path)
  return image.allocatedBytes + (data?.kind === 'found' ? data.allocatedBytes : image.virtualBytes)
}

async function count(files: ImageFiles, image: ImageFile): Promise<number> {
  const { header, allocatedBytes, virtualBytes } = image
  if (header === null || header.l1OffsetBytes === 0) return allocatedBytes
  const volume = await files.volume(image.path)
  const l1 = await download(volume, header.l1Entries * 8, header.l1OffsetBytes)
  const tables: number[] = []
  for (let at = 0; at + 8 <= l1.length; at += 8) {
    const offset = Number(l1.readBigUInt64BE(at) & OFFSET_MASK)
    if (offset !== 0) tables.push(offset)
  }
  if (tables.length > TABLES_MAXIMUM) return Math.max(virtualBytes, allocatedBytes)
  let compressed = 0
  for (let at = 0; at < tables.length; at += AT_ONCE) {
    const batch = await Promise.all(
      tables.slice(at, at + AT_ONCE).map((offset) => download(volume, header.clusterBytes, offset)),
    )
    for (const table of batch) compressed += countCompressed(table, header.extendedL2 ? 16 : 8)
  }
  return allocatedBytes + compressed * header.clusterBytes
}
