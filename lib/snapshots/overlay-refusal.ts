import { posix } from 'node:path'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import { overlayPath } from './overlay-path.ts'

/**
 * Why a disk's overlay can't be made in this folder (null: beside its image); null when it can. `name` is the snapshot's, where it
 * is known already. Pure.
 */
export function overlayRefusal(
  disk: Pick<XmlDisk, 'path' | 'sourceType' | 'target'>,
  directory: string | null,
  running: boolean,
  name = '',
): string | null {
  if (disk.path === null) return null
  if (directory === null && disk.sourceType === 'block')
    return `${disk.path} is a block device. Beside it, in ${posix.dirname(disk.path)}, the overlay would lie in the memory of the host and be gone when that starts anew: choose a folder for it.`
  const path = overlayPath(disk.path, directory ?? posix.dirname(disk.path), name, disk.target, new Set())
  // libvirt makes it by qemu-img then, and doubles the comma in vain: the VM is defined on a file that is not there (measured).
  if (!running && path.includes(','))
    return `There is a comma in the overlay’s path, ${path}: while a VM is off, libvirt makes such a file under another name, and the VM could not be started. ${name.includes(',') ? 'Take a name without one, or start the VM first.' : 'Start the VM first.'}`
  return null
}
