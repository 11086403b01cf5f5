import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GuestRecord, parseRecords, RECORD_FILE } from './record-format.ts'
import { CommandFailed, run, runBytes } from './run-command.ts'

/** Of a path alone the format is read from the image. */
export type Image = string | { path: string; format: 'raw' | 'qcow2' }

async function withOverlay<T>(image: Image, read: (fileSystem: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'kf-records-'))
  try {
    const { path, format } =
      typeof image === 'string' ? { path: image, format: await formatOf(image) } : image
    const raw = join(dir, 'disk.raw')
    // -U: a running QEMU holds the lock of what it writes to, and of what it reads from.
    await run('qemu-img', ['convert', '-U', '-f', format, '-O', 'raw', path, raw])
    return await read(raw)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function formatOf(path: string): Promise<'raw' | 'qcow2'> {
  const info = JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', path])) as { format: string }
  return info.format === 'raw' ? 'raw' : 'qcow2'
}

/**
 * Records of a lab guest's disk, read from its image with all below it, without mounting. An image that the guest
 * writes to at this moment can be caught half way; a frozen one, or one of a guest that is off, can't.
 */
export async function readRecords(image: Image): Promise<GuestRecord[]> {
  return withOverlay(image, async (raw) =>
    parseRecords(await runBytes('debugfs', ['-R', `cat /${RECORD_FILE}`, raw])),
  )
}

/** What e2fsck finds wrong in an image, undefined when it is clean. A journal to replay is not clean. */
export async function fileSystemFaults(image: Image): Promise<string | undefined> {
  return withOverlay(image, async (raw) => {
    try {
      const said = await run('e2fsck', ['-fn', raw])
      return /recovering journal|recovery flag|skipping journal/i.test(said) ? said : undefined
    } catch (error) {
      if (error instanceof CommandFailed) return error.message
      throw error
    }
  })
}
