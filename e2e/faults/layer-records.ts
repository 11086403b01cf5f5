import { createHash } from 'node:crypto'
import { readRecords } from '../../lib/testing/lab/guest-records.ts'
import { type GuestRecord, missingNumbers } from '../../lib/testing/lab/record-format.ts'

/** What the guest's ring of records is like, read through a layer and all below it. */
export type LayerRecords = {
  count: number
  firstSeq: number
  lastSeq: number
  missing: number[]
  /** Of every record, the clock of each included: another record under the same number is another. */
  hash: string
}

export const describeRecords = (records: GuestRecord[]): LayerRecords => ({
  count: records.length,
  firstSeq: records[0]?.seq ?? 0,
  lastSeq: records.at(-1)?.seq ?? 0,
  missing: missingNumbers(records),
  hash: hashOf(records),
})

export const hashOf = (records: GuestRecord[]): string =>
  createHash('sha256').update(JSON.stringify(records)).digest('hex').slice(0, 16)

/** The lab's names tell the format, which saves a question to each image of a thousand cases. */
export const imageAt = (path: string) => ({ path, format: path.endsWith('.img') ? 'raw' : 'qcow2' }) as const

export const readLayer = async (path: string): Promise<LayerRecords> =>
  describeRecords(await readRecords(imageAt(path)))
