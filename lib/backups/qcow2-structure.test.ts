import { describe, expect, it } from 'vitest'
import { checkQcow2 } from './qcow2-structure.ts'

const CLUSTER = 65_536
/** docs/interop/qcow2.txt: header, one L1 table in cluster 1, one L2 table in cluster 2, data in clusters 3 and 4. */
function image(change: (bytes: Buffer) => void = () => undefined): Buffer {
  const bytes = Buffer.alloc(5 * CLUSTER)
  bytes.writeUInt32BE(0x514649fb, 0)
  bytes.writeUInt32BE(3, 4)
  bytes.writeUInt32BE(16, 20)
  bytes.writeBigUInt64BE(16n * 1024n * 1024n, 24)
  bytes.writeUInt32BE(1, 36)
  bytes.writeBigUInt64BE(BigInt(CLUSTER), 40)
  bytes.writeUInt32BE(4, 96)
  bytes.writeUInt32BE(104, 100)
  const copied = 1n << 63n
  bytes.writeBigUInt64BE(copied | BigInt(2 * CLUSTER), CLUSTER)
  bytes.writeBigUInt64BE(copied | BigInt(3 * CLUSTER), 2 * CLUSTER)
  bytes.writeBigUInt64BE(copied | BigInt(4 * CLUSTER), 2 * CLUSTER + 8)
  change(bytes)
  return bytes
}
const check = (bytes: Buffer) => checkQcow2(bytes.length, async (offset, length) => bytes.subarray(offset, offset + length))

describe('checkQcow2', () => {
  it('finds nothing in a sound image', async () => {
    expect(await check(image())).toBeNull()
  })

  it.each<[RegExp, (bytes: Buffer) => void]>([
    [/does not begin/, (bytes) => bytes.writeUInt8(0, 0)],
    [/marked it corrupt/, (bytes) => bytes.writeBigUInt64BE(2n, 72)],
    [/version 9/, (bytes) => bytes.writeUInt32BE(9, 4)],
    [/first table lies outside/, (bytes) => bytes.writeBigUInt64BE(BigInt(9 * CLUSTER), 40)],
    [/first table does not fit/, (bytes) => bytes.writeUInt32BE(0xffff_ffff, 36)],
    [/one of its tables lies outside/, (bytes) => bytes.writeBigUInt64BE(BigInt(99 * CLUSTER), CLUSTER)],
    [/piece of its data lies outside/, (bytes) => bytes.writeBigUInt64BE(BigInt(99 * CLUSTER), 2 * CLUSTER)],
    [/piece of its data lies outside/, (bytes) => bytes.writeBigUInt64BE(BigInt(3 * CLUSTER + 512), 2 * CLUSTER)],
    [/two pieces of its data/, (bytes) => bytes.writeBigUInt64BE(BigInt(4 * CLUSTER), 2 * CLUSTER)],
  ])('finds: %s', async (fault, change) => {
    expect(await check(image(change))).toMatch(fault)
  })

  it('finds a file that was cut off', async () => {
    expect(await check(image().subarray(0, 3 * CLUSTER))).toMatch(/lies outside/)
  })
})
