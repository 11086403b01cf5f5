import 'server-only'
import { download, type ImageFiles } from './image-files.ts'

/** Bits 9 to 55 of an entry are the place of a second-level table; the others are flags (docs/interop/qcow2.txt). */
const OFFSET_MASK = 0x00fffffffffffe00n

/**
 * Whether an image's contents are those of a snapshot inside it: its first-level table is the snapshot's. A revert makes the two
 * equal, and the guest's next write makes them differ (measured). null when the image or the snapshot can't be read.
 */
export async function holdsInternalSnapshot(
  files: ImageFiles,
  path: string,
  name: string,
): Promise<boolean | null> {
  const reading = await files.read(path, 0)
  if (reading.kind !== 'found' || reading.header === null) return null
  const snapshot = reading.internalSnapshots.find((each) => each.name === name)
  if (!snapshot) return null
  const entries = Math.max(snapshot.l1Entries, reading.header.l1Entries)
  const [active, kept] = await Promise.all([
    readTable(files, path, reading.header.l1OffsetBytes, reading.header.l1Entries, entries),
    readTable(files, path, snapshot.l1OffsetBytes, snapshot.l1Entries, entries),
  ])
  return active.every((offset, index) => offset === kept[index])
}

/** The places in a first-level table, filled up with empty ones to `length`. */
async function readTable(
  files: ImageFiles,
  path: string,
  offsetBytes: number,
  entries: number,
  length: number,
): Promise<bigint[]> {
  const bytes = await download(await files.volume(path), entries * 8, offsetBytes)
  return Array.from({ length }, (_, index) =>
    index < entries && index * 8 + 8 <= bytes.length ? bytes.readBigUInt64BE(index * 8) & OFFSET_MASK : 0n,
  )
}
