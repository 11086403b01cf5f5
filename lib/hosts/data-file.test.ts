import { describe, expect, it } from 'vitest'
import { found } from '../testing/situation-of.ts'
import { readCopyBytes } from './copy-bytes.ts'
import { dataFileOf } from './data-file.ts'
import type { ImageFile, ImageFiles, ImageReading } from './image-files.ts'

const MIB = 1024 * 1024
const withData = (dataFile: string | null) =>
  found('/i/web', null, { header: { dataFile, l1OffsetBytes: 0 } } as Partial<ImageReading>) as ImageFile

describe('the data file of a layer', () => {
  it.each([
    ['web.data', 'qcow2', '/i/web.data'],
    ['/d/web.data', 'qcow2', '/d/web.data'],
    ['../d/web.data', null, '/d/web.data'],
    ['file:/d/web.data', 'qcow2', '/d/web.data'],
    ['nbd://h/x', 'qcow2', null],
    ['web.data', 'raw', null],
    ['', 'qcow2', null],
    [null, 'qcow2', null],
  ])('named %s in a layer read as %s is %s', (name, format, path) => {
    expect(dataFileOf(withData(name), format)).toBe(path)
  })

  it('of what could not be read is not known', () => {
    expect(dataFileOf({ kind: 'missing', path: '/i/web', reason: '' }, 'qcow2')).toBeNull()
  })
})

describe('a copy of a layer with a data file', () => {
  const bytesWith = (image: ImageFile, read: Partial<ImageFile> | null) =>
    readCopyBytes(
      {
        read: (path: string) =>
          Promise.resolve(
            read === null ? { kind: 'missing', path, reason: '' } : { ...found(path, null), ...read },
          ),
      } as unknown as ImageFiles,
      image,
    )

  it('needs the blocks of both, as they are at each look', async () => {
    expect(await bytesWith(withData('web.data'), { allocatedBytes: 5 * MIB })).toBe(6 * MIB)
    expect(await bytesWith(withData('web.data'), { allocatedBytes: 6 * MIB })).toBe(7 * MIB)
  })

  it('needs as much as its guest sees where nobody can tell', async () => {
    expect(await bytesWith(withData('web.data'), null)).toBe(9 * MIB)
    expect(await bytesWith(withData(''), { allocatedBytes: MIB })).toBe(9 * MIB)
  })
})
