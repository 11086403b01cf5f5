import { expect, it } from 'vitest'
import { qemuSize, snapshotLines } from './qemu-img-info.ts'

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

const SNAPSHOT = {
  id: '1',
  name: 'one',
  createdAtMs: new Date(2026, 10, 29, 12, 21, 50).getTime(),
  memoryBytes: 0,
  vmClockMs: 0,
  icount: '0',
  l1OffsetBytes: 0,
  l1Entries: 0,
}

// Printed by qemu-img 10.0.
it('snapshots inside an image are a table, padded by bytes', () => {
  expect(
    snapshotLines([
      SNAPSHOT,
      { ...SNAPSHOT, id: '2', name: 'früh' },
      { ...SNAPSHOT, id: '3', name: 'longer-than-its-column', memoryBytes: 197_120 },
      { ...SNAPSHOT, id: '4', name: 'late', vmClockMs: 36_610_007, icount: null },
    ]),
  ).toEqual([
    'Snapshot list:',
    'ID      TAG               VM_SIZE                DATE        VM_CLOCK     ICOUNT',
    '1       one                   0 B 2026-11-29 12:21:50  0000:00:00.000          0',
    '2       früh                 0 B 2026-11-29 12:21:50  0000:00:00.000          0',
    '3       longer-than-its-column  192 KiB 2026-11-29 12:21:50  0000:00:00.000          0',
    '4       late                  0 B 2026-11-29 12:21:50  0010:10:10.007         --',
  ])
})

it('a table that could not be read whole is not shown in part', () => {
  expect(snapshotLines([SNAPSHOT, { ...SNAPSHOT, id: '', name: 'number 2' }])).toEqual([
    'Snapshot list: left out here, for Keyframe could not read all of it',
  ])
  expect(snapshotLines([])).toEqual([])
})
