import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './lab/run-command.ts'

const MIB = 1024 * 1024

/** The byte that the n-th MiB of a disk is filled with, read through its whole chain; null when it is not one byte throughout. */
export async function patternAt(
  path: string,
  format: 'raw' | 'qcow2',
  offsetMiB = 0,
): Promise<number | null> {
  const folder = await mkdtemp(join(tmpdir(), 'kf-bytes-'))
  try {
    const raw = join(folder, 'raw')
    await run('qemu-img', ['convert', '-U', '-f', format, '-O', 'raw', path, raw])
    const file = await open(raw)
    const { buffer } = await file.read(Buffer.alloc(MIB), 0, MIB, offsetMiB * MIB)
    await file.close()
    return buffer.every((byte) => byte === buffer[0]) ? buffer[0]! : null
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
