// The file that `virsh save` writes: libvirt, src/qemu/qemu_saveimage.h (struct _virQEMUSaveHeader, version 2).

const MAGIC = 'LibvirtQemudSave'
const DATA_LENGTH_AT = 20
const COOKIE_AT = 32
export const SAVE_HEADER_BYTES = 92

/** Bytes of header, XML, cookie and the room libvirt leaves behind them; QEMU's own state follows. */
export function savedXmlBytes(header: Buffer): number {
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw new Error('This is no file that `virsh save` wrote.')
  return SAVE_HEADER_BYTES + header.readUInt32LE(DATA_LENGTH_AT)
}

/** The same image for another guest. libvirt compares name and UUID with the guest's, and opens the files named here. */
export function withSavedXml(head: Buffer, change: (xml: string) => string): Buffer {
  const data = head.subarray(SAVE_HEADER_BYTES)
  const cookieAt = head.readUInt32LE(COOKIE_AT)
  const xmlEnd = data.indexOf(0)
  const cookie = cookieAt === 0 ? Buffer.alloc(0) : data.subarray(cookieAt, data.indexOf(0, cookieAt) + 1)
  const xml = Buffer.from(`${change(data.toString('utf8', 0, xmlEnd))}\0`)
  if (xml.length + cookie.length > data.length)
    throw new Error(`The guest's XML has ${xml.length} bytes, more than the saved state has room for.`)
  const changed = Buffer.alloc(head.length)
  head.copy(changed, 0, 0, SAVE_HEADER_BYTES)
  xml.copy(changed, SAVE_HEADER_BYTES)
  cookie.copy(changed, SAVE_HEADER_BYTES + xml.length)
  if (cookieAt !== 0) changed.writeUInt32LE(xml.length, COOKIE_AT)
  return changed
}
