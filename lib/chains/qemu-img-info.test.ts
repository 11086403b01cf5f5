import { expect, it } from 'vitest'
import { qemuSize } from './qemu-img-info.ts'

// Printed by qemu-img 10.0 for files of these lengths.
it.each([
  [0, '0 B'],
  [512, '512 B'],
  [999, '999 B'],
  [1000, '0.977 KiB'],
  [1024, '1 KiB'],
  [12_800, '12.5 KiB'],
  [197_120, '192 KiB'],
  [197_632, '193 KiB'],
  [67_108_864, '64 MiB'],
  [1_023_410_176, '976 MiB'],
  [10_737_418_240, '10 GiB'],
  [1_319_413_953_331, '1.2 TiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(qemuSize(bytes)).toBe(text)
})
