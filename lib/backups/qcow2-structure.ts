import { isQcow2, readQcow2Header } from '../hosts/qcow2-header.ts'

/**
 * Structure of a qcow2 image by QEMU's docs/interop/qcow2.txt: do its tables lie in the file, and no two pieces of the guest's disk in
 * one place. What `qemu-img check` does besides (reference counts) needs a process on the hypervisor.
 */
const L1_SIZE_AT = 36
const L1_OFFSET_AT = 40
const HEADER_READ_BYTES = 4_096
const ENTRY_BYTES = 8
/** Bits 9–55 of a table's entry. */
const OFFSET_MASK = 0x00ff_ffff_ffff_fe00n
const COMPRESSED = 1n << 62n
/** A table larger than this is not believed: 64 MiB of L1 are a disk of 4 PiB. */
const L1_MAX_BYTES = 64 * 1024 * 1024

/** What is wrong with an image of this length, one sentence; null when nothing was found. */
export async function checkQcow2(fileBytes: number, readAt: (offset: number, lengthBytes: number) => Promise<Buffer>): Promise<string | null> {
  const start = await readAt(0, Math.min(HEADER_READ_BYTES, fileBytes))
  if (!isQcow2(start)) return 'it does not begin as a qcow2 image does'
  let header: ReturnType<typeof readQcow2Header>
  try {
    header = readQcow2Header(start)
  } catch (error) {
    return (error as Error).message
  }
  if (header.corrupt) return 'QEMU marked it corrupt'
  const { clusterBytes } = header
  // Extended L2 entries are 16 bytes, the offset in the first 8.
  const l2EntryBytes = header.extendedL2 ? 2 * ENTRY_BYTES : ENTRY_BYTES
  const lies = (offset: number) => offset % clusterBytes === 0 && offset > 0 && offset < fileBytes
  const l1Bytes = start.readUInt32BE(L1_SIZE_AT) * ENTRY_BYTES
  const l1Offset = Number(start.readBigUInt64BE(L1_OFFSET_AT))
  if (l1Bytes > L1_MAX_BYTES || (l1Bytes / ENTRY_BYTES) * (clusterBytes / l2EntryBytes) * clusterBytes < header.virtualBytes) return 'its first table does not fit the size of the disk'
  if (!lies(l1Offset) || l1Offset + l1Bytes > fileBytes) return 'its first table lies outside of the file'
  const l1 = await readAt(l1Offset, l1Bytes)
  const used = new Set<number>()
  const take = (offset: number) => used.size === used.add(offset).size
  for (let at = 0; at < l1.length; at += ENTRY_BYTES) {
    const l2Offset = Number(l1.readBigUInt64BE(at) & OFFSET_MASK)
    if (l2Offset === 0) continue
    if (!lies(l2Offset) || l2Offset + clusterBytes > fileBytes) return 'one of its tables lies outside of the file'
    if (take(l2Offset)) return 'two of its tables lie in one place'
    const l2 = await readAt(l2Offset, clusterBytes)
    for (let entry = 0; entry < l2.length; entry += l2EntryBytes) {
      const value = l2.readBigUInt64BE(entry)
      const offset = Number(value & OFFSET_MASK)
      if ((value & COMPRESSED) !== 0n || offset === 0) continue
      if (!lies(offset)) return 'a piece of its data lies outside of the file'
      if (take(offset)) return 'two pieces of its data lie in one place'
    }
  }
  return null
}
