import { expect, it } from 'vitest'
import { changedImage, type ImageLook } from './look-at-images.ts'

const look = (change: Partial<ImageLook> = {}): ImageLook => ({
  path: '/b/1/vda.qcow2',
  bytes: 10,
  modified: '1.000000001',
  header: 'aa',
  ...change,
})

it('an image that was replaced or written to while it was read is found, whatever of it changed', () => {
  expect(changedImage([look()], [look()])).toBeNull()
  for (const change of [{ bytes: 11 }, { modified: '1.000000002' }, { header: 'ab' }])
    expect(changedImage([look(), look({ path: '/b/2' })], [look(change), look({ path: '/b/2' })])).toBe(
      '/b/1/vda.qcow2',
    )
  expect(changedImage([look()], [])).toBe('/b/1/vda.qcow2')
})
