import { expect, test } from 'vitest'
import { SAVE_HEADER_BYTES, savedXmlBytes, withSavedXml } from './saved-image.ts'

function image(xml: string, cookie: string, room: number): Buffer {
  const data = Buffer.alloc(room)
  data.write(`${xml}\0${cookie}\0`)
  const header = Buffer.alloc(SAVE_HEADER_BYTES)
  header.write('LibvirtQemudSave')
  header.writeUInt32LE(room, 20)
  header.writeUInt32LE(xml.length + 1, 32)
  return Buffer.concat([header, data])
}

test('another XML stands in the same place, its cookie behind it', () => {
  const before = image('<name>a</name>', '<cookie/>', 100)
  expect(savedXmlBytes(before)).toBe(SAVE_HEADER_BYTES + 100)
  expect(withSavedXml(before, () => '<name>longer</name>')).toEqual(
    image('<name>longer</name>', '<cookie/>', 100),
  )
})

test('an XML that does not fit, and a file of another kind, are refused', () => {
  expect(() => withSavedXml(image('<name>a</name>', '<cookie/>', 30), (xml) => xml + xml)).toThrow(/room/)
  expect(() => savedXmlBytes(Buffer.alloc(SAVE_HEADER_BYTES))).toThrow(/virsh save/)
})
