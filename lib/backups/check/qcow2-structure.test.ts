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
const check = (bytes: Buffer) =>
  checkQcow2(bytes.length, async (offset, length) => bytes.subarray(offset, offset + length))
/** An image that names this one below it. */
const based = (name: string) =>
  image((bytes) => {
    bytes.writeBigUInt64BE(512n, 8)
    bytes.writeUInt32BE(name.length, 16)
    bytes.write(name, 512)
  })
const expecting = (bytes: Buffer, backing: string | null, virtualBytes = 16 * 1024 * 1024) =>
  checkQcow2(bytes.length, async (offset, length) => bytes.subarray(offset, offset + length), {
    virtualBytes,
    backing,
  })

describe('checkQcow2', () => {
  it('finds nothing in a sound image', async () => {
    expect(await check(image())).toBeNull()
  })

  it.each<[RegExp, (bytes: Buffer) => void]>([
    [/does not begin/, (bytes) => bytes.writeUInt8(0, 0)],
    [/marked it corrupt/, (bytes) => bytes.writeBigUInt64BE(2n, 72)],
    [/version 9/, (bytes) => bytes.writeUInt32BE(9, 4)],
    [/cluster size is none that QEMU makes/, (bytes) => bytes.writeUInt32BE(31, 20)],
    [/cluster size is none that QEMU makes/, (bytes) => bytes.writeUInt32BE(40, 20)],
    [/cluster size is none that QEMU makes/, (bytes) => bytes.writeUInt32BE(8, 20)],
    [/refers to another file \(without a name\) for its data/, (bytes) => bytes.writeBigUInt64BE(4n, 72)],
    [/first table lies outside/, (bytes) => bytes.writeBigUInt64BE(BigInt(9 * CLUSTER), 40)],
    [/first table does not fit/, (bytes) => bytes.writeUInt32BE(0xffff_ffff, 36)],
    [/one of its tables lies outside/, (bytes) => bytes.writeBigUInt64BE(BigInt(99 * CLUSTER), CLUSTER)],
    [/piece of its data lies outside/, (bytes) => bytes.writeBigUInt64BE(BigInt(99 * CLUSTER), 2 * CLUSTER)],
    [
      /piece of its data lies outside/,
      (bytes) => bytes.writeBigUInt64BE(BigInt(3 * CLUSTER + 512), 2 * CLUSTER),
    ],
    [/two pieces of its data/, (bytes) => bytes.writeBigUInt64BE(BigInt(4 * CLUSTER), 2 * CLUSTER)],
  ])('finds: %s', async (fault, change) => {
    expect(await check(image(change))).toMatch(fault)
  })

  it('takes what the header claims in small pieces only', async () => {
    const asked: number[] = []
    const bytes = image((each) => {
      each.writeUInt32BE(21, 20)
      each.writeUInt32BE(8 * 1024 * 1024, 36)
      each.writeBigUInt64BE(BigInt(2 ** 21), 40)
    })
    const fileBytes = 2 ** 40
    await checkQcow2(fileBytes, async (offset, length) => {
      asked.push(length)
      return Buffer.concat([bytes.subarray(offset, offset + length), Buffer.alloc(length)]).subarray(
        0,
        length,
      )
    })
    expect(Math.max(...asked)).toBeLessThanOrEqual(64 * 1024)
  })

  it('knows an image that does not rest on what the manifest says, or is of another size', async () => {
    expect(await expecting(image(), null)).toBeNull()
    expect(await expecting(based('../full/vda.qcow2'), '../full/vda.qcow2')).toBeNull()
    expect(await expecting(based('/etc/shadow'), null)).toBe(
      'it refers to another file (/etc/shadow) below it, and by the manifest it rests on none',
    )
    expect(await expecting(based('/etc/shadow'), '../full/vda.qcow2')).toBe(
      'it refers to another file (/etc/shadow) below it, and by the manifest it rests on ../full/vda.qcow2',
    )
    expect(await expecting(image(), '../full/vda.qcow2')).toBe(
      'it rests on no other image, and the manifest says that it rests on ../full/vda.qcow2',
    )
    expect(await expecting(image(), null, 17)).toMatch(
      /its disk has 16777216 bytes, and the manifest says 17/,
    )
  })

  it('N26: quotes the name that a header holds, cut, and without control characters', async () => {
    expect(await expecting(based(`\u001b[2J\n${'x'.repeat(900)}`), null)).toMatch(
      /^it refers to another file \(�\[2J�x{195}\) below it/,
    )
  })

  it('reads a disk of 2 TiB of which every cluster holds data: more than a Set can hold', async () => {
    // Header in cluster 0, L1 of 4096 entries in cluster 1, L2 tables in the next 4096, then 32 Mi clusters of data.
    const [l2Tables, entries] = [4_096, 8_192]
    const firstData = 2 + l2Tables
    const fileBytes = (firstData + l2Tables * entries) * CLUSTER
    const head = image((bytes) => {
      bytes.writeBigUInt64BE(2n ** 41n, 24)
      bytes.writeUInt32BE(l2Tables, 36)
    }).subarray(0, CLUSTER)
    const entry = (table: Buffer, at: number, cluster: number) => {
      table.writeUInt32BE(0x8000_0000 + Math.floor((cluster * CLUSTER) / 2 ** 32), at * 8)
      table.writeUInt32BE((cluster * CLUSTER) % 2 ** 32, at * 8 + 4)
    }
    const l1 = Buffer.alloc(CLUSTER)
    for (let table = 0; table < l2Tables; table++) entry(l1, table, 2 + table)
    let twice = false
    const readAt = async (offset: number, length: number) => {
      const cluster = offset / CLUSTER
      if (cluster < 1) return head.subarray(offset, offset + length)
      if (cluster === 1) return l1.subarray(0, length)
      const table = Buffer.alloc(CLUSTER)
      for (let at = 0; at < entries; at++) entry(table, at, firstData + (cluster - 2) * entries + at)
      // The very last cluster is the first one once more.
      if (twice && cluster === firstData - 1) entry(table, entries - 1, firstData)
      return table.subarray(0, length)
    }
    expect(await checkQcow2(fileBytes, readAt)).toBeNull()
    twice = true
    expect(await checkQcow2(fileBytes, readAt)).toBe('two pieces of its data lie in one place')
  }, 60_000)

  it('finds a file that was cut off', async () => {
    expect(await check(image().subarray(0, 3 * CLUSTER))).toMatch(/lies outside/)
  })
})
