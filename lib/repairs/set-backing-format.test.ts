import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../testing/lab/run-command.ts'
import { readQcow2Header } from '../hosts/qcow2-header.ts'
import { HEADER_READ_BYTES, setBackingFormat } from './set-backing-format.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kf-header-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const start = (path: string) => readFileSync(path).subarray(0, HEADER_READ_BYTES)
const OPTIONS = [
  'cluster_size=64k',
  'compat=0.10',
  'cluster_size=512',
  'compression_type=zstd',
  'extended_l2=on,cluster_size=131072',
  'lazy_refcounts=on',
  'refcount_bits=1',
]

async function overlay(file: string, options: string, backing = 'base.raw'): Promise<string> {
  const path = join(folder, file)
  await run('qemu-img', ['create', '-q', '-f', 'raw', join(folder, 'base.raw'), '1M'])
  await run('qemu-img', [
    'create',
    '-q',
    '-f',
    'qcow2',
    '-u',
    '-b',
    backing,
    '-F',
    'raw',
    '-o',
    options,
    path,
    '1M',
  ])
  if (backing === 'base.raw') await run('qemu-io', ['-c', 'write -P 90 64k 64k', path])
  return path
}
/** As older tools left it: no backing format, the name right behind the extensions. */
function withoutFormat(bytes: Buffer): Buffer {
  const version = bytes.readUInt32BE(4)
  const from = version === 3 ? bytes.readUInt32BE(100) : 72
  expect(bytes.readUInt32BE(from)).toBe(0xe2792aca)
  const nameAt = Number(bytes.readBigUInt64BE(8))
  const end = nameAt + bytes.readUInt32BE(16)
  const copy = Buffer.from(bytes)
  bytes.copy(copy, from, from + 16, end)
  copy.fill(0, end - 16, end)
  copy.writeBigUInt64BE(BigInt(nameAt - 16), 8)
  return copy
}

describe.each(OPTIONS)('%s', (options) => {
  it('comes back to the very header that qemu-img writes', async () => {
    const path = await overlay('a.qcow2', options)
    const whole = readFileSync(path)
    const old = withoutFormat(whole)
    expect(readQcow2Header(old.subarray(0, HEADER_READ_BYTES)).backingFormat).toBeNull()
    const rewrite = setBackingFormat(old.subarray(0, HEADER_READ_BYTES), 'raw')
    if ('refusal' in rewrite) throw new Error(rewrite.refusal)
    rewrite.bytes.copy(old)
    expect(old.equals(whole)).toBe(true)
  })

  it('changes a wrong one, and qemu-img finds nothing wrong with the image', async () => {
    const path = await overlay('b.qcow2', options)
    await run('qemu-img', ['rebase', '-u', '-b', 'base.raw', '-F', 'qcow2', path])
    const whole = readFileSync(path)
    const rewrite = setBackingFormat(whole.subarray(0, HEADER_READ_BYTES), 'raw')
    if ('refusal' in rewrite) throw new Error(rewrite.refusal)
    rewrite.bytes.copy(whole)
    writeFileSync(path, whole)
    expect(readQcow2Header(start(path))).toMatchObject({ backingFile: 'base.raw', backingFormat: 'raw' })
    expect(await run('qemu-img', ['check', path])).toContain('No errors')
  })
})

describe('refuses, and gives no bytes', () => {
  it('what does not fit in the first cluster', async () => {
    // 512-byte clusters and a name that ends 4 bytes before the cluster does.
    const room = 512 - Number(start(await overlay('r.qcow2', 'cluster_size=512', 'x')).readBigUInt64BE(8))
    const path = await overlay('c.qcow2', 'cluster_size=512', 'x'.repeat(room))
    expect(setBackingFormat(start(path), 'raw')).toHaveProperty('bytes')
    expect(setBackingFormat(withoutFormat(start(path)), 'raw')).toHaveProperty('bytes')
    const full = withoutFormat(start(path))
    full.writeUInt32BE(full.readUInt32BE(16) + 8, 16)
    expect(setBackingFormat(full, 'raw')).toEqual({
      refusal: 'a longer header does not fit in its first cluster',
    })
  })

  it.each([
    [75 + 4, 2, /corrupt/],
    [75 + 4, 1, /not closed/],
    [75 + 4, 4, /data file/],
    [75 + 4, 64, /features/],
    [35, 1, /encrypted/],
    [14, 255, /laid out/],
  ])('byte %i = %i', async (at, value, reason) => {
    const bytes = Buffer.from(start(await overlay('d.qcow2', 'cluster_size=64k')))
    bytes.writeUInt8(value, at)
    const rewrite = setBackingFormat(bytes, 'raw')
    expect((rewrite as { refusal: string }).refusal).toMatch(reason)
  })

  it('what is no qcow2 image, what has no backing file, and something unknown behind the name', async () => {
    expect(setBackingFormat(Buffer.alloc(4096), 'raw')).toEqual({ refusal: 'it is no whole qcow2 image' })
    const path = join(folder, 'e.qcow2')
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', path, '1M'])
    expect(setBackingFormat(start(path), 'raw')).toEqual({ refusal: 'it has no backing file' })
    const old = withoutFormat(start(await overlay('f.qcow2', 'cluster_size=64k')))
    old.writeUInt8(1, Number(old.readBigUInt64BE(8)) + old.readUInt32BE(16) + 3)
    expect(setBackingFormat(old, 'raw')).toEqual({
      refusal: 'there is something behind its header that Keyframe does not know',
    })
  })
})
