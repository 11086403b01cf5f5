import { isQcow2, readQcow2Header, type Qcow2Header } from '../../hosts/qcow2-header.ts'

/**
 * Structure of a qcow2 image by QEMU's docs/interop/qcow2.txt: do its tables lie in the file, and no two pieces of the guest's disk in
 * one place. What `qemu-img check` does besides (reference counts) needs a process on the hypervisor.
 */
const L1_SIZE_AT = 36
const L1_OFFSET_AT = 40
const HEADER_READ_BYTES = 4_096
const CLUSTER_BITS_AT = 20
/** What QEMU makes and opens: 512 bytes to 2 MiB (qcow2.txt: cluster_bits). */
const CLUSTER_BITS = { minimum: 9, maximum: 21 }
const ENTRY_BYTES = 8
const WORD = 2 ** 32
/** Of an entry's upper half: bit 62 says compressed; bits 32–55 are part of the offset. */
const COMPRESSED_HIGH = 0x4000_0000
const OFFSET_HIGH = 0x00ff_ffff
/** Of its lower half: bits 9–31. */
const OFFSET_LOW = 0xffff_fe00
/** A table larger than this is not believed: 64 MiB of L1 are a disk of 4 PiB. */
const L1_MAX_BYTES = 64 * 1024 * 1024
/** 512 MiB of bits, one a cluster: 256 TiB of the usual 64 KiB. */
const CLUSTERS_MAXIMUM = 2 ** 32
/** Tables are read in pieces of this size: what a header claims must not be held in memory. */
const PIECE_BYTES = 64 * 1024

/** Of a file's name in a header as much is quoted. */
const NAME_SHOWN_CHARACTERS = 200

/** What the manifest says of an image. */
export interface ImageExpected {
  virtualBytes: number
  /** Name of the image below it, as the header must hold it; null = none. */
  backing: string | null
}

/** The bits of the clusters that are taken: a Set of numbers holds 2^24 of them at most, which is 1 TiB of 64 KiB clusters. */
class Taken {
  readonly #bits: Uint8Array
  readonly #shift: number

  constructor(fileBytes: number, clusterBits: number) {
    this.#shift = 2 ** clusterBits
    this.#bits = new Uint8Array(Math.ceil(fileBytes / this.#shift / 8) + 1)
  }

  /** Takes a cluster. False when it was taken before. */
  take(offset: number): boolean {
    const cluster = offset / this.#shift
    const [at, bit] = [Math.floor(cluster / 8), 1 << (cluster % 8)]
    if ((this.#bits[at]! & bit) !== 0) return false
    this.#bits[at]! |= bit
    return true
  }
}

type ReadAt = (offset: number, lengthBytes: number) => Promise<Buffer>

/**
 * What is wrong with an image of this length, one sentence; null when nothing was found. `expected`: what its manifest says; an image
 * that names another file than that could make QEMU open any file of the hypervisor.
 */
export async function checkQcow2(
  fileBytes: number,
  readAt: ReadAt,
  expected?: ImageExpected,
): Promise<string | null> {
  const start = await readAt(0, Math.min(HEADER_READ_BYTES, fileBytes))
  if (!isQcow2(start)) return 'it does not begin as a qcow2 image does'
  let header: Qcow2Header
  try {
    header = readQcow2Header(start)
  } catch (error) {
    return (error as Error).message
  }
  return headerFault(header, expected) ?? tablesFault(fileBytes, readAt, start, header)
}

/** What is wrong with a header, one sentence; null when nothing is. */
export function headerFault(header: Qcow2Header, expected?: ImageExpected): string | null {
  if (header.corrupt) return 'QEMU marked it corrupt'
  if (header.dataFile !== null)
    return `it refers to another file (${shownName(header.dataFile)}) for its data, and no image of a backup does`
  if (expected === undefined) return null
  if (header.virtualBytes !== expected.virtualBytes)
    return `its disk has ${header.virtualBytes} bytes, and the manifest says ${expected.virtualBytes}`
  if (header.backingFile === expected.backing) return null
  if (header.backingFile === null)
    return `it rests on no other image, and the manifest says that it rests on ${expected.backing}`
  const other = `it refers to another file (${shownName(header.backingFile)}) below it`
  return expected.backing === null
    ? `${other}, and by the manifest it rests on none`
    : `${other}, and by the manifest it rests on ${expected.backing}`
}

/** Whoever wrote the header chose the name: of any length, and of any characters. */
const shownName = (name: string): string =>
  name === '' ? 'without a name' : name.slice(0, NAME_SHOWN_CHARACTERS).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '�')

async function tablesFault(
  fileBytes: number,
  readAt: ReadAt,
  start: Buffer,
  header: Qcow2Header,
): Promise<string | null> {
  const clusterBits = start.readUInt32BE(CLUSTER_BITS_AT)
  if (clusterBits < CLUSTER_BITS.minimum || clusterBits > CLUSTER_BITS.maximum)
    return 'its cluster size is none that QEMU makes'
  const { clusterBytes } = header
  if (fileBytes / clusterBytes > CLUSTERS_MAXIMUM) return 'it is larger than Keyframe can check'
  // Extended L2 entries are 16 bytes, the offset in the first 8.
  const l2EntryBytes = header.extendedL2 ? 2 * ENTRY_BYTES : ENTRY_BYTES
  const lies = (offset: number) => offset % clusterBytes === 0 && offset > 0 && offset < fileBytes
  const l1Bytes = start.readUInt32BE(L1_SIZE_AT) * ENTRY_BYTES
  const l1Offset = Number(start.readBigUInt64BE(L1_OFFSET_AT))
  if (
    l1Bytes > L1_MAX_BYTES ||
    (l1Bytes / ENTRY_BYTES) * (clusterBytes / l2EntryBytes) * clusterBytes < header.virtualBytes
  )
    return 'its first table does not fit the size of the disk'
  if (!lies(l1Offset) || l1Offset + l1Bytes > fileBytes) return 'its first table lies outside of the file'
  const taken = new Taken(fileBytes, clusterBits)
  for (let l1At = 0; l1At < l1Bytes; l1At += PIECE_BYTES) {
    const l1 = await readAt(l1Offset + l1At, Math.min(PIECE_BYTES, l1Bytes - l1At))
    for (let at = 0; at < l1.length; at += ENTRY_BYTES) {
      const l2Offset = offsetAt(l1, at)
      if (l2Offset === 0) continue
      if (!lies(l2Offset) || l2Offset + clusterBytes > fileBytes)
        return 'one of its tables lies outside of the file'
      if (!taken.take(l2Offset)) return 'two of its tables lie in one place'
      for (let l2At = 0; l2At < clusterBytes; l2At += PIECE_BYTES) {
        const fault = entriesFault(
          await readAt(l2Offset + l2At, Math.min(PIECE_BYTES, clusterBytes - l2At)),
          l2EntryBytes,
          lies,
          taken,
        )
        if (fault !== null) return fault
      }
    }
  }
  return null
}

function entriesFault(
  l2: Buffer,
  entryBytes: number,
  lies: (offset: number) => boolean,
  taken: Taken,
): string | null {
  for (let at = 0; at < l2.length; at += entryBytes) {
    const offset = offsetAt(l2, at)
    if (offset === 0 || (l2.readUInt32BE(at) & COMPRESSED_HIGH) !== 0) continue
    if (!lies(offset)) return 'a piece of its data lies outside of the file'
    if (!taken.take(offset)) return 'two pieces of its data lie in one place'
  }
  return null
}

/** Not through BigInt: a disk of 2 TiB has 32 million entries. */
const offsetAt = (table: Buffer, at: number): number =>
  (table.readUInt32BE(at) & OFFSET_HIGH) * WORD + ((table.readUInt32BE(at + 4) & OFFSET_LOW) >>> 0)
