import type { XmlDisk } from '../hosts/domain-xml.ts'

/** Why a disk can't be part of an external snapshot; null when it can. */
export function snapshotRefusal(disk: XmlDisk): string | null {
  if (disk.device === 'cdrom' || disk.device === 'floppy')
    return `It is a ${disk.device}: removable media are not part of a snapshot.`
  if (disk.readonly) return 'It is read-only: it can’t change, so there is nothing to freeze.'
  if (disk.shareable)
    return 'It is marked <shareable/>: another VM may write to it at the same time, which an overlay would hide.'
  if (disk.transient) return 'It is marked <transient/>: its changes go away by themselves when the VM stops.'
  if (disk.sourceType === 'network')
    return 'It lies on network storage (type network): Keyframe makes overlays of files only, snapshot it on the storage itself.'
  if (disk.sourceType !== 'file' && disk.sourceType !== 'block')
    return `Its source is of type ${disk.sourceType}: Keyframe makes overlays of files and block devices only.`
  if (disk.path === null) return 'It has no source: the drive is empty.'
  if (disk.isSlice)
    return 'It is only a part (<slices>) of its file: libvirt lays the overlay of a VM that is off on the whole file, so the guest would see other data.'
  if (disk.format !== 'raw' && disk.format !== 'qcow2')
    return `Its format is ${disk.format ?? 'not recorded'}: only raw and qcow2 disks can take an overlay.`
  return null
}
