import { posix } from 'node:path'
import type { ImageFile } from '../hosts/image-files.ts'

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const

/** A size as qemu-img prints it: three significant digits, `%0.3g` (QEMU util/cutils.c, size_to_str). */
export function qemuSize(bytes: number): string {
  // frexp(bytes / (1000 / 1024)): the unit changes at 1000, not at 1024.
  let unit = 0
  while (unit < UNITS.length - 1 && bytes / 2 ** (10 * unit) >= 1000) unit++
  return `${gFormat(bytes / 2 ** (10 * unit))} ${UNITS[unit]}`
}

/** C's `%0.3g`: three significant digits, a tie goes to the even one (JavaScript's toPrecision rounds it up). */
function gFormat(value: number): string {
  if (value === 0) return '0'
  const decimals = decimalsOf(value)
  const scaled = value * 10 ** decimals
  const even = scaled % 1 === 0.5 && Math.floor(scaled) % 2 === 0 ? Math.floor(scaled) : Math.round(scaled)
  if (even >= 1000 && decimals === 0) return '1e+03'
  return String(even / 10 ** decimals)
}

function decimalsOf(value: number): number {
  if (value >= 100) return 0
  if (value >= 10) return 1
  return value >= 1 ? 2 : 3
}

/** QEMU counts a file's length in whole sectors (block.c, bdrv_getlength). */
const SECTOR_BYTES = 512
const inSectors = (bytes: number) => Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES

/** The text of `qemu-img info` for one image; `format` is the one it is opened with. */
export function qemuImgInfo(image: ImageFile, format: string): string {
  const [virtualBytes, lengthBytes] = [inSectors(image.virtualBytes), inSectors(image.lengthBytes)]
  const lines = [
    `image: ${image.path}`,
    `file format: ${format}`,
    `virtual size: ${qemuSize(virtualBytes)} (${virtualBytes} bytes)`,
    `disk size: ${qemuSize(image.allocatedBytes)}`,
  ]
  const header = format === 'qcow2' ? image.header : null
  if (header) {
    if (header.encrypted) lines.push('encrypted: yes')
    lines.push(`cluster_size: ${header.clusterBytes}`)
    if (header.backingFile !== null) lines.push(...backingLines(header.backingFile, image))
    if (header.backingFormat !== null) lines.push(`backing file format: ${header.backingFormat}`)
    lines.push('Format specific information:')
    lines.push(
      ...(header.version === 2
        ? [
            '    compat: 0.10',
            `    compression type: ${header.compressionType}`,
            `    refcount bits: ${header.refcountBits}`,
          ]
        : [
            '    compat: 1.1',
            `    compression type: ${header.compressionType}`,
            `    lazy refcounts: ${header.lazyRefcounts}`,
            `    refcount bits: ${header.refcountBits}`,
            `    corrupt: ${header.corrupt}`,
            `    extended l2: ${header.extendedL2}`,
          ]),
    )
  }
  lines.push(
    "Child node '/file':",
    `    filename: ${image.path}`,
    '    protocol type: file',
    `    file length: ${qemuSize(lengthBytes)} (${lengthBytes} bytes)`,
    `    disk size: ${qemuSize(image.allocatedBytes)}`,
  )
  return lines.join('\n')
}

function backingLines(name: string, image: ImageFile): string[] {
  if (name.startsWith('/') || image.backing?.path === null) return [`backing file: ${name}`]
  const actual =
    name.startsWith('json:') || name.includes(':') ? null : posix.join(posix.dirname(image.path), name)
  return [
    actual === null || actual === name
      ? `backing file: ${name}`
      : `backing file: ${name} (actual path: ${actual})`,
  ]
}
