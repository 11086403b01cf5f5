import { mkdtempSync, rmSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '../../testing/lab/run-command.ts'
import { checkQcow2 } from './qcow2-structure.ts'

const TIB = 1024 ** 4
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kf-large-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('the structure of an image as QEMU makes it, sparse, with 2 TiB of allocated clusters, is found sound', async () => {
  const path = join(folder, 'large.qcow2')
  await run('qemu-img', ['create', '-f', 'qcow2', '-o', 'preallocation=metadata', path, '2T'])
  const { size } = await stat(path)
  expect(size).toBeGreaterThan(2 * TIB)
  const file = await open(path)
  try {
    const readAt = async (offset: number, length: number) =>
      (await file.read(Buffer.alloc(length), 0, length, offset)).buffer
    expect(await checkQcow2(size, readAt, { virtualBytes: 2 * TIB, backing: null })).toBeNull()
  } finally {
    await file.close()
  }
})
