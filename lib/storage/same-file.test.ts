import { describe, expect, it } from 'vitest'
import { isSameFile, markOf } from './same-file.ts'
import type { AskedFile } from './types.ts'

const overlayOf = (base: string, modified = '1795943653.123456789', lengthBytes = 196_616) =>
  markOf({
    timestamps: `${modified} ${modified} 0`,
    lengthBytes,
    header: { virtualBytes: 1 << 28, backingFile: base },
  })
const asked = (mark: AskedFile['before'], after = mark): AskedFile => ({
  host: 'lab',
  path: '/images/vda.s1',
  before: mark,
  after,
})
const isSame = (file: AskedFile, path: string, mark: AskedFile['before']) =>
  isSameFile(file, 'lab', { path, mark }, () => undefined)

describe('two names of one host', () => {
  it('are one file when they are spelled alike, whatever was read', () => {
    expect(isSame(asked(null), '/images//vda.s1', overlayOf('vdb.img'))).toBe(true)
  })

  it('are taken for one when all facts agree', () => {
    expect(isSame(asked(overlayOf('vda.img')), '/link/vda.s1', overlayOf('vda.img'))).toBe(true)
    expect(isSame(asked(overlayOf('vda.img')), '/link/vda.s1', overlayOf('vda.img', '1795943653.2'))).toBe(
      false,
    )
  })

  it('are taken for one while a guest writes to it, or a merge changes what it stands on', () => {
    const file = asked(overlayOf('vda.img', '1795943653.1', 100), overlayOf('base.img', '1795943653.5', 300))
    expect(isSame(file, '/link/vda.s1', overlayOf('vda.img', '1795943653.3', 200))).toBe(true)
    expect(isSame(file, '/link/vda.s1', overlayOf('base.img', '1795943653.3', 200))).toBe(true)
  })

  it('are two where overlays of one snapshot, equal in time and length, stand on two disks', () => {
    expect(isSame(asked(overlayOf('vda.img')), '/images/vdb.s1', overlayOf('vdb.qcow2'))).toBe(false)
  })
})

it('an instant is taken to the ns, and none that is missing', () => {
  const at = (timestamps: string) => markOf({ timestamps, lengthBytes: 7, header: null })
  expect(at('1795905914.000000001 1 0')?.modifiedNs).toBe(1795905914000000001n)
  expect(at('1795905914.5 1 0')?.modifiedNs).toBe(1795905914500000000n)
  expect(at('null null null')).toBeNull()
})
