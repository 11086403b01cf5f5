import { posix } from 'node:path'
import type { ImageFile } from '../hosts/image-files.ts'
import type { Qcow2Header } from '../hosts/qcow2-header.ts'
import type { AskedFile, FileMark, SameFolder, UsedFile } from './types.ts'

/** The mark of a file as it was read; libvirt's instants are seconds with up to nine decimals. */
export function markOf(
  reading: Pick<ImageFile, 'timestamps' | 'lengthBytes'> & {
    header: Pick<Qcow2Header, 'virtualBytes' | 'backingFile'> | null
  },
): FileMark | null {
  const [seconds = '', fraction = ''] = (reading.timestamps.split(' ')[0] ?? '').split('.')
  if (!/^\d+$/.test(seconds)) return null
  return {
    modifiedNs: BigInt(seconds + fraction.padEnd(9, '0').slice(0, 9)),
    lengthBytes: reading.lengthBytes,
    header: JSON.stringify(reading.header && [reading.header.virtualBytes, reading.header.backingFile]),
  }
}

/**
 * Whether a file that is in use is the one in question; 'maybe' where only another host could tell and did not.
 * Within a host, equal spelling is one file. Other spellings (a link, a folder mounted twice, another pool) are taken for it
 * when their facts agree: no fact of libvirt proves it, and a file left in place costs less than one that is missed. While a
 * guest writes to it the file's time moves, so it is enough that the other's lies between two looks. Overlays of one snapshot are made in one tick
 * of the file system's clock, are equally long, and stay so while the guest is idle: what they stand on tells them apart.
 */
export function isSameFile(
  asked: AskedFile,
  host: string,
  used: Pick<UsedFile, 'path' | 'mark' | 'seen'>,
  sameFolder: SameFolder,
): true | false | 'maybe' {
  const [path, other] = [posix.normalize(asked.path), posix.normalize(used.path)]
  if (asked.host === host) return path === other || agrees(asked, used.mark)
  // Another host sees a shared folder through its own cache of times: only the folder tells, and for another name in it this host's own look.
  if (posix.basename(path) !== posix.basename(other)) {
    const seen = used.seen?.[posix.join(posix.dirname(path), posix.basename(other))] ?? null
    return seen === 'unread' ? 'maybe' : agrees(asked, seen)
  }
  return (
    sameFolder({ host: asked.host, folder: posix.dirname(path) }, { host, folder: posix.dirname(other) }) ??
    'maybe'
  )
}

function agrees({ before, after }: AskedFile, mark: FileMark | null): boolean {
  if (before === null || after === null || mark === null) return false
  return (
    [before.header, after.header].includes(mark.header) &&
    isBetween(mark.modifiedNs, before.modifiedNs, after.modifiedNs) &&
    isBetween(mark.lengthBytes, before.lengthBytes, after.lengthBytes)
  )
}

const isBetween = <T extends bigint | number>(value: T, one: T, two: T): boolean =>
  one <= two ? one <= value && value <= two : two <= value && value <= one
