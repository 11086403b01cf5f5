/**
 * What a guest writes, and where. Every disk carries one ext4 file system with this file in it, a ring of fixed-size
 * records, full from the start, so that writing never grows it: record n stands in slot n % RECORD_SLOTS.
 * guest-init.sh writes the same layout; record-format.test.ts holds the two together.
 */
export const RECORD_FILE = 'records.log'
export const RECORD_BYTES = 64
export const RECORD_SLOTS = 32_768

export type GuestRecord = {
  seq: number
  /** The guest's own clock, 10 ms steps. It stands still while QEMU stops the vCPU. */
  epochMs: number
  /** Second of the guest's boot: differs between two boots. */
  boot: number
  /** Written after a boot, to bring a disk that stopped one record earlier level with the other. */
  filled: boolean
}

/** What a slot begins with that nobody wrote to: most of them. */
const BLANK = 0x20

const LINE = /^(\d{10}) (\d{13}) (\d{10}) ([wf]) *$/

export function parseRecord(line: string): GuestRecord | undefined {
  const found = LINE.exec(line)
  if (!found) return undefined
  return {
    seq: Number(found[1]),
    epochMs: Number(found[2]),
    boot: Number(found[3]),
    filled: found[4] === 'f',
  }
}

/** Records of a ring in the order they were written. */
export function parseRecords(bytes: Buffer): GuestRecord[] {
  if (bytes.length !== RECORD_BYTES * RECORD_SLOTS) {
    throw new Error(
      `The ring of guest records has ${bytes.length} bytes instead of ${RECORD_BYTES * RECORD_SLOTS}: not a lab disk, or a damaged one.`,
    )
  }
  const records: GuestRecord[] = []
  for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
    if (bytes[at] === BLANK) continue
    const record = parseRecord(bytes.toString('latin1', at, at + RECORD_BYTES - 1))
    if (record && record.seq > 0) records.push(record)
  }
  return records.sort((a, b) => a.seq - b.seq)
}

/** A ring nobody wrote to yet: blanks, which no file system stores as a hole, and record 0, which finds the end. */
export function emptyRing(): Buffer {
  const ring = Buffer.alloc(RECORD_BYTES * RECORD_SLOTS, `${' '.repeat(RECORD_BYTES - 1)}\n`)
  ring.write(`${'0'.repeat(10)} ${'0'.repeat(13)} ${'0'.repeat(10)} f`, 'latin1')
  return ring
}

/** Numbers that should be there between the first and the last record, and are not. */
export function missingNumbers(records: GuestRecord[]): number[] {
  const missing: number[] = []
  for (let i = 1; i < records.length; i++) {
    for (let seq = records[i - 1]!.seq + 1; seq < records[i]!.seq; seq++) missing.push(seq)
  }
  return missing
}

/** The longest time between two writes of one boot, and the record that ended it; optionally only after `sinceSeq`. */
export function longestGap(records: GuestRecord[], sinceSeq = 0): { gapMs: number; seq: number } {
  let longest = { gapMs: 0, seq: 0 }
  for (let i = 1; i < records.length; i++) {
    const [before, after] = [records[i - 1]!, records[i]!]
    if (after.seq <= sinceSeq || before.boot !== after.boot) continue
    if (after.epochMs - before.epochMs > longest.gapMs)
      longest = { gapMs: after.epochMs - before.epochMs, seq: after.seq }
  }
  return longest
}
