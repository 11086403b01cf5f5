import { posix } from 'node:path'
import type { ImageFile } from '../hosts/image-files.ts'
import type { InternalSnapshot } from '../hosts/internal-snapshots.ts'

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
    lines.push(...snapshotLines(image.internalSnapshots))
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

/** QEMU 10.0, block/qapi.c, bdrv_snapshot_dump: “%-7s %-16s %8s %19s %15s %10s”. Older ones set the columns otherwise. */
const COLUMNS = [-7, -16, 8, 19, 15, 10]

export function snapshotLines(snapshots: readonly InternalSnapshot[]): string[] {
  if (snapshots.length === 0) return []
  if (snapshots.some(({ id }) => id === ''))
    return ['Snapshot list: left out here, for Keyframe could not read all of it']
  return [
    'Snapshot list:',
    row(['ID', 'TAG', 'VM_SIZE', 'DATE', 'VM_CLOCK', 'ICOUNT']),
    ...snapshots.map(({ id, name, memoryBytes, createdAtMs, vmClockMs, icount }) =>
      row([id, name, qemuSize(memoryBytes), localTime(createdAtMs), clock(vmClockMs), icount ?? '--']),
    ),
  ]
}

/** C pads by bytes, not by characters. */
const row = (cells: string[]): string =>
  cells
    .map((cell, index) => {
      const width = COLUMNS[index]!
      const blanks = ' '.repeat(Math.max(0, Math.abs(width) - Buffer.byteLength(cell)))
      return width < 0 ? cell + blanks : blanks + cell
    })
    .join(' ')

const digits = (value: number, length = 2) => String(value).padStart(length, '0')

/** qemu-img prints the zone of the machine it runs on. Ours is the same one where Keyframe runs on the host. */
function localTime(ms: number): string {
  const at = new Date(ms)
  const day = [at.getFullYear(), digits(at.getMonth() + 1), digits(at.getDate())].join('-')
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map((each) => digits(each)).join(':')}`
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const parts = [
    digits(Math.floor(seconds / 3600), 4),
    digits(Math.floor(seconds / 60) % 60),
    digits(seconds % 60),
  ]
  return `${parts.join(':')}.${digits(ms % 1000, 3)}`
}
