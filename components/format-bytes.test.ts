import { expect, test } from 'vitest'
import { formatBytes, formatRate, parseMibPerSecond, toMibPerSecond } from './format-bytes.ts'

test('bytes have three figures at most, and a unit', () => {
  expect([0, 1, 512, 1023].map(formatBytes)).toEqual(['0 B', '1 B', '512 B', '1023 B'])
  expect([1024, 1536, 10_240, 200_704].map(formatBytes)).toEqual(['1 KiB', '1.5 KiB', '10 KiB', '196 KiB'])
  expect(
    [1024 ** 2, 1.444 * 1024 ** 3, 20 * 1024 ** 3, 999 * 1024 ** 3, 1023 * 1024 ** 3].map(formatBytes),
  ).toEqual(['1 MiB', '1.44 GiB', '20 GiB', '999 GiB', '1 TiB'])
  expect(formatBytes(2 ** 53)).toBe('8 PiB')
  expect(formatBytes(null)).toBe('unknown')
})

test('round numbers keep their zeros', () => {
  expect(formatBytes(100 * 1024)).toBe('100 KiB')
  expect(formatBytes(500 * 1024 ** 2)).toBe('500 MiB')
})

test('a rate that was not measured yet is no zero', () => {
  expect([formatRate(null), formatRate(0), formatRate(2 * 1024 ** 2)]).toEqual(['–', '0 B/s', '2 MiB/s'])
})

test('limits are typed in MiB/s', () => {
  expect(['', '0', '10', '1.5', '1,5', ' 2 '].map(parseMibPerSecond)).toEqual([
    0, 0, 10_485_760, 1_572_864, 1_572_864, 2_097_152,
  ])
  expect(['-1', 'x', '1e9', '1.2.3', '1000001'].map(parseMibPerSecond)).toEqual([
    null,
    null,
    null,
    null,
    null,
  ])
  expect([0, 10_485_760, 1_572_864].map(toMibPerSecond)).toEqual(['', '10', '1.5'])
})
