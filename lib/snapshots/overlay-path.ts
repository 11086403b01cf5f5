import { createHash } from 'node:crypto'
import { posix } from 'node:path'

/** NAME_MAX of Linux file systems. */
const FILE_NAME_MAX_BYTES = 255

/**
 * File of a disk's new overlay: `<image without its suffix>.<snapshot>`, as libvirt would name it, in `directory`.
 * Where that is too long, or `taken` by another disk of the same snapshot, the name is made from the disk and a hash.
 */
export function overlayPath(
  imagePath: string,
  directory: string,
  snapshot: string,
  target: string,
  taken: ReadonlySet<string>,
): string {
  const stem = posix.basename(imagePath).replace(/(?!^)\.[^.]*$/, '')
  const usual = posix.join(directory, `${stem}.${snapshot}`)
  if (Buffer.byteLength(posix.basename(usual)) <= FILE_NAME_MAX_BYTES && !taken.has(usual)) return usual
  const hash = createHash('sha256').update(`${imagePath}\0${snapshot}`).digest('hex').slice(0, 16)
  return posix.join(directory, `${target}-${hash}.qcow2`)
}
