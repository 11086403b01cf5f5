import { childText, parseXml } from '../hosts/xml.ts'

/** virQEMUSaveHeader (libvirt 11.3, src/qemu/qemu_saveimage.h): magic, 5 words, 14 unused words, then the domain's XML. */
const HEADER_BYTES = 92
const LENGTH_OFFSET = 20
/** So much is read of a save image: the XML of a VM is some 10 KiB. */
export const SAVE_READ_BYTES = 128 * 1024

/** Whose memory a save image holds; null when that can't be told. Pure. */
export function readSaveImage(start: Buffer): { name: string; uuid: string } | null {
  if (start.length < HEADER_BYTES) return null
  const text = start.toString(
    'utf8',
    HEADER_BYTES,
    Math.min(start.length, HEADER_BYTES + start.readUInt32LE(LENGTH_OFFSET)),
  )
  const end = text.indexOf('</domain>')
  if (end === -1) return null
  try {
    const domain = parseXml(text.slice(text.indexOf('<domain'), end + '</domain>'.length), 'domain')
    const [name, uuid] = [childText(domain, 'name'), childText(domain, 'uuid')]
    return name !== null && uuid !== null ? { name, uuid } : null
  } catch {
    return null
  }
}
