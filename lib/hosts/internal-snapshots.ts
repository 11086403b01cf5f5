/** A snapshot inside a qcow2 file: libvirt's internal ones, and those of qemu-img that libvirt does not know. */
export interface InternalSnapshot {
  id: string
  name: string
  createdAtMs: number
  /** Bytes of the guest's memory that it holds; 0 for one of the disk alone. */
  memoryBytes: number
  /** How long the guest had run. */
  vmClockMs: number
  /** Instructions that it had executed, where QEMU counted them. */
  icount: string | null
  /** Where its first-level table lies in the file, in bytes, and how many entries of 8 bytes it has. */
  l1OffsetBytes: number
  l1Entries: number
}

const FIXED_BYTES = 40
const ALIGNMENT_BYTES = 8
/** Of the extra data: the size of the memory, that of the disk, the count of instructions. */
const ICOUNT_END_BYTES = 24

/** Bytes of the table at most (QEMU's own limit is 64 KiB for each entry's extra data): more is not read. */
export const SNAPSHOT_TABLE_MAX_BYTES = 1024 * 1024

/**
 * The snapshot table of a qcow2 image (docs/interop/qcow2.txt, “Snapshots”), as many entries as are whole. `bytes` begins where
 * the table begins; `count` is the header's.
 */
export function parseSnapshotTable(bytes: Buffer, count: number): InternalSnapshot[] {
  const snapshots: InternalSnapshot[] = []
  let at = 0
  while (snapshots.length < count && at + FIXED_BYTES <= bytes.length) {
    const [idBytes, nameBytes] = [bytes.readUInt16BE(at + 12), bytes.readUInt16BE(at + 14)]
    const extraBytes = bytes.readUInt32BE(at + 36)
    const idAt = at + FIXED_BYTES + extraBytes
    const end = idAt + idBytes + nameBytes
    if (end > bytes.length) break
    snapshots.push({
      id: bytes.toString('utf8', idAt, idAt + idBytes),
      name: bytes.toString('utf8', idAt + idBytes, end),
      createdAtMs: bytes.readUInt32BE(at + 16) * 1000 + Math.floor(bytes.readUInt32BE(at + 20) / 1_000_000),
      // Version 3 has the size in 64 bits in its extra data.
      memoryBytes:
        extraBytes >= 8 ? Number(bytes.readBigUInt64BE(at + FIXED_BYTES)) : bytes.readUInt32BE(at + 32),
      vmClockMs: Number(bytes.readBigUInt64BE(at + 24) / 1_000_000n),
      icount: extraBytes >= ICOUNT_END_BYTES ? icountAt(bytes, at + FIXED_BYTES) : null,
      l1OffsetBytes: Number(bytes.readBigUInt64BE(at)),
      l1Entries: bytes.readUInt32BE(at + 8),
    })
    at = Math.ceil(end / ALIGNMENT_BYTES) * ALIGNMENT_BYTES
  }
  return snapshots
}

function icountAt(bytes: Buffer, extraAt: number): string | null {
  const icount = bytes.readBigInt64BE(extraAt + ICOUNT_END_BYTES - 8)
  return icount === -1n ? null : String(icount)
}
