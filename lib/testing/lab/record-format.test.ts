import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  emptyRing,
  longestGap,
  missingNumbers,
  parseRecord,
  parseRecords,
  RECORD_BYTES,
  RECORD_FILE,
  RECORD_SLOTS,
  type GuestRecord,
} from './record-format.ts'

const script = readFileSync(new URL('./guest-init.sh', import.meta.url), 'utf8')

const record = (seq: number, epochMs: number, boot = 1): GuestRecord => ({
  seq,
  epochMs,
  boot,
  filled: false,
})

function line(seq: number): string {
  return `${String(seq).padStart(10, '0')} 1700000000000 1700000000 w`.padEnd(RECORD_BYTES - 1) + '\n'
}

test('the guest writes what is read here', () => {
  expect(script).toContain(`SLOTS=${RECORD_SLOTS}`)
  expect(script).toContain(`bs=${RECORD_BYTES}`)
  expect(script).toContain(RECORD_FILE)
  // 10 + 13 + 10 digits, a letter, three blanks between them, the fill, the line's end
  expect(script).toContain(`printf '%010d %013d %010d %s%26s\\n'`)
  expect(10 + 13 + 10 + 1 + 3 + 26 + 1).toBe(RECORD_BYTES)
})

test('a ring that nobody wrote to holds no record', () => {
  expect(parseRecords(emptyRing())).toEqual([])
})

test('a ring that went round is read in the order of its numbers', () => {
  const ring = emptyRing()
  for (const seq of [RECORD_SLOTS - 2, RECORD_SLOTS - 1, RECORD_SLOTS, RECORD_SLOTS + 1])
    ring.write(line(seq), (seq % RECORD_SLOTS) * RECORD_BYTES, 'latin1')
  expect(parseRecords(ring).map(({ seq }) => seq)).toEqual([
    RECORD_SLOTS - 2,
    RECORD_SLOTS - 1,
    RECORD_SLOTS,
    RECORD_SLOTS + 1,
  ])
})

test('garbage is no record, and a ring of another size is no ring', () => {
  expect(parseRecord('0000000001 17000000 x')).toBeUndefined()
  expect(() => parseRecords(Buffer.alloc(64))).toThrow(/64 bytes/)
})

test('missing numbers and the longest gap', () => {
  const records = [record(1, 0), record(2, 100), record(5, 900), record(6, 1000), record(7, 9000, 2)]
  expect(missingNumbers(records)).toEqual([3, 4])
  expect(longestGap(records)).toEqual({ gapMs: 800, seq: 5 })
  expect(longestGap(records, 5)).toEqual({ gapMs: 100, seq: 6 })
})
