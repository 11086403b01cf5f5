import {
  EXTENSION_BACKING_FORMAT,
  EXTENSION_END,
  INCOMPATIBLE_CORRUPT,
  INCOMPATIBLE_DATA_FILE,
  isQcow2,
  V2_HEADER_BYTES,
} from '../hosts/qcow2-header.ts'

/**
 * A qcow2 header with another backing format, as QEMU's docs/interop/qcow2.txt lays it out:
 * header | extensions (type, length, data padded to 8) | end of extensions | name of the backing file.
 * All of it lies in the first cluster; the extension 0xE2792ACA holds the format.
 */

const V3_HEADER_MINIMUM_BYTES = 104
const INCOMPATIBLE_DIRTY = 1n
/** Dirty, corrupt, data file, compression type, extended L2. */
const INCOMPATIBLE_KNOWN = 31n
/** So much is read: QEMU writes some 600 bytes. */
export const HEADER_READ_BYTES = 4_096

export type HeaderRewrite = { bytes: Buffer } | { refusal: string }

/**
 * The first bytes of the image with this backing format recorded, to be written at offset 0 in one piece; everything
 * else in them stays to the letter. `start` are its first 4,096 bytes. Pure.
 */
export function setBackingFormat(start: Buffer, format: 'raw' | 'qcow2'): HeaderRewrite {
  if (!isQcow2(start) || start.length < V3_HEADER_MINIMUM_BYTES)
    return { refusal: 'it is no whole qcow2 image' }
  const version = start.readUInt32BE(4)
  if (version !== 2 && version !== 3) return { refusal: `qcow2 version ${version} is not known` }
  const nameOffset = Number(start.readBigUInt64BE(8))
  const nameBytes = start.readUInt32BE(16)
  const clusterBytes = 2 ** start.readUInt32BE(20)
  const incompatible = version === 3 ? start.readBigUInt64BE(72) : 0n
  const headerBytes = version === 3 ? start.readUInt32BE(100) : V2_HEADER_BYTES
  if (nameOffset === 0) return { refusal: 'it has no backing file' }
  if ((incompatible & INCOMPATIBLE_CORRUPT) !== 0n)
    return { refusal: 'QEMU marked it corrupt: qemu-img check comes first' }
  if ((incompatible & INCOMPATIBLE_DIRTY) !== 0n)
    return { refusal: 'it was not closed in order, or is open: qemu-img check -r all comes first' }
  if ((incompatible & INCOMPATIBLE_DATA_FILE) !== 0n) return { refusal: 'it has an external data file' }
  if ((incompatible & ~INCOMPATIBLE_KNOWN) !== 0n)
    return { refusal: 'it has features that Keyframe does not know' }
  if (start.readUInt32BE(32) !== 0) return { refusal: 'it is encrypted' }
  const limitBytes = Math.min(clusterBytes, start.length)
  if (
    headerBytes < V2_HEADER_BYTES ||
    headerBytes % 8 !== 0 ||
    nameBytes > 1023 ||
    nameOffset + nameBytes > limitBytes ||
    nameOffset < headerBytes
  )
    return { refusal: 'its header is not laid out as Keyframe knows it' }
  const others = otherExtensions(start, headerBytes, nameOffset)
  if (others === null) return { refusal: 'its header extensions are not laid out as Keyframe knows them' }
  const head = Buffer.concat([
    start.subarray(0, headerBytes),
    extension(EXTENSION_BACKING_FORMAT, Buffer.from(format)),
    ...others,
    extension(EXTENSION_END, Buffer.alloc(0)),
  ])
  head.writeBigUInt64BE(BigInt(head.length), 8)
  const bytes = Buffer.concat([head, start.subarray(nameOffset, nameOffset + nameBytes)])
  // Nothing may lie behind the name in the first cluster: what is written over was empty, or was this very part.
  const endBytes = nameOffset + nameBytes
  if (bytes.length > limitBytes) return { refusal: 'a longer header does not fit in its first cluster' }
  if (bytes.length > endBytes && start.subarray(endBytes, bytes.length).some((byte) => byte !== 0))
    return { refusal: 'there is something behind its header that Keyframe does not know' }
  // A shorter header must not leave the old name's tail.
  return {
    bytes: bytes.length < endBytes ? Buffer.concat([bytes, Buffer.alloc(endBytes - bytes.length)]) : bytes,
  }
}

function extension(type: number, data: Buffer): Buffer {
  const padded = Buffer.alloc(8 + Math.ceil(data.length / 8) * 8)
  padded.writeUInt32BE(type, 0)
  padded.writeUInt32BE(data.length, 4)
  data.copy(padded, 8)
  return padded
}

/** Every extension but the backing format, each as it stands; null when they run into the name. */
function otherExtensions(bytes: Buffer, from: number, to: number): Buffer[] | null {
  const others: Buffer[] = []
  for (let at = from; at + 8 <= to;) {
    const type = bytes.readUInt32BE(at)
    if (type === EXTENSION_END) return others
    const end = at + 8 + Math.ceil(bytes.readUInt32BE(at + 4) / 8) * 8
    if (end > to) return null
    if (type !== EXTENSION_BACKING_FORMAT) others.push(bytes.subarray(at, end))
    at = end
  }
  // QEMU leaves the end mark out of no header that it writes, and reads one without.
  return null
}
