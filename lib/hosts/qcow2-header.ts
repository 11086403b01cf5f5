/**
 * The header of a qcow2 image, as QEMU's docs/interop/qcow2.txt lays it out. Read by ourselves because a volume's XML
 * does not tell whether the backing format is recorded, and `qemu-img` may be on another machine.
 */

const MAGIC = 0x514649fb
export const EXTENSION_END = 0
export const EXTENSION_BACKING_FORMAT = 0xe2792aca
const EXTENSION_BITMAPS = 0x23852875
const EXTENSION_DATA_FILE = 0x44415441
export const V2_HEADER_BYTES = 72
/** qcow2.txt: "must not exceed 1023 bytes". */
const BACKING_NAME_MAX_BYTES = 1023
const EXTENSIONS_MAXIMUM = 64

export const INCOMPATIBLE_CORRUPT = 2n
export const INCOMPATIBLE_DATA_FILE = 4n
const INCOMPATIBLE_EXTENDED_L2 = 16n
const COMPATIBLE_LAZY_REFCOUNTS = 1n
const COMPRESSION_TYPES = ['zlib', 'zstd']

export interface Qcow2Header {
  version: number
  virtualBytes: number
  clusterBytes: number
  /** As written in the header: a relative name is relative to the image's own folder. */
  backingFile: string | null
  /** null where it is not recorded. */
  backingFormat: string | null
  encrypted: boolean
  corrupt: boolean
  lazyRefcounts: boolean
  refcountBits: number
  extendedL2: boolean
  compressionType: string
  /** Name of an external data file. */
  dataFile: string | null
  internalSnapshots: number
  /** Where the table of its internal snapshots lies, in bytes. */
  snapshotTableBytes: number
  /** The first-level table that is in use: where it lies, in bytes, and how many entries of 8 bytes it has. */
  l1OffsetBytes: number
  l1Entries: number
  bitmaps: number
}

/** True when the bytes begin as a qcow2 image does. */
export const isQcow2 = (bytes: Buffer): boolean => bytes.length >= 4 && bytes.readUInt32BE(0) === MAGIC

/** Bytes from the start of the file that readQcow2Header needs, seen from its first ones. */
export function headerBytesNeeded(bytes: Buffer): number {
  if (bytes.length < V2_HEADER_BYTES) return V2_HEADER_BYTES
  return Number(bytes.readBigUInt64BE(8)) + Math.min(bytes.readUInt32BE(16), BACKING_NAME_MAX_BYTES)
}

/** Reads a header. Throws an Error with a sentence when the bytes are no sound qcow2 header. */
export function readQcow2Header(bytes: Buffer): Qcow2Header {
  if (!isQcow2(bytes)) throw new Error('the file does not begin with the qcow2 magic')
  if (bytes.length < V2_HEADER_BYTES) throw new Error('the file is shorter than a qcow2 header')
  const version = bytes.readUInt32BE(4)
  if (version !== 2 && version !== 3) throw new Error(`qcow2 version ${version} is not known`)
  const backingOffset = Number(bytes.readBigUInt64BE(8))
  const backingLength = bytes.readUInt32BE(16)
  if (
    backingOffset > 0 &&
    (backingLength > BACKING_NAME_MAX_BYTES || backingOffset + backingLength > bytes.length)
  )
    throw new Error('the name of the backing file lies outside of the header')
  const v3 = version === 3
  const incompatible = v3 ? bytes.readBigUInt64BE(72) : 0n
  const compatible = v3 ? bytes.readBigUInt64BE(80) : 0n
  const headerBytes = v3 ? bytes.readUInt32BE(100) : V2_HEADER_BYTES
  const extensions = readExtensions(bytes, headerBytes, backingOffset || bytes.length)
  const bitmaps = extensions.get(EXTENSION_BITMAPS)
  return {
    version,
    virtualBytes: Number(bytes.readBigUInt64BE(24)),
    clusterBytes: 2 ** bytes.readUInt32BE(20),
    backingFile:
      backingOffset === 0 ? null : bytes.toString('utf8', backingOffset, backingOffset + backingLength),
    backingFormat: extensions.get(EXTENSION_BACKING_FORMAT)?.toString('utf8') ?? null,
    encrypted: bytes.readUInt32BE(32) !== 0,
    corrupt: (incompatible & INCOMPATIBLE_CORRUPT) !== 0n,
    lazyRefcounts: (compatible & COMPATIBLE_LAZY_REFCOUNTS) !== 0n,
    refcountBits: v3 ? 2 ** bytes.readUInt32BE(96) : 16,
    extendedL2: (incompatible & INCOMPATIBLE_EXTENDED_L2) !== 0n,
    compressionType: COMPRESSION_TYPES[headerBytes > 104 ? bytes.readUInt8(104) : 0] ?? 'unknown',
    dataFile:
      (incompatible & INCOMPATIBLE_DATA_FILE) === 0n
        ? null
        : (extensions.get(EXTENSION_DATA_FILE)?.toString('utf8') ?? ''),
    internalSnapshots: bytes.readUInt32BE(60),
    snapshotTableBytes: Number(bytes.readBigUInt64BE(64)),
    l1OffsetBytes: Number(bytes.readBigUInt64BE(40)),
    l1Entries: bytes.readUInt32BE(36),
    bitmaps: bitmaps && bitmaps.length >= 4 ? bitmaps.readUInt32BE(0) : 0,
  }
}

function readExtensions(bytes: Buffer, from: number, to: number): Map<number, Buffer> {
  const extensions = new Map<number, Buffer>()
  for (
    let at = from, count = 0;
    at + 8 <= Math.min(to, bytes.length) && count < EXTENSIONS_MAXIMUM;
    count++
  ) {
    const type = bytes.readUInt32BE(at)
    if (type === EXTENSION_END) break
    const lengthBytes = bytes.readUInt32BE(at + 4)
    if (at + 8 + lengthBytes > bytes.length) throw new Error('a header extension is longer than the header')
    extensions.set(type, bytes.subarray(at + 8, at + 8 + lengthBytes))
    at += 8 + Math.ceil(lengthBytes / 8) * 8
  }
  return extensions
}
