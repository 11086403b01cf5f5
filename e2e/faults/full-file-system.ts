import { statfsSync, unlinkSync, writeFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../lab/run-command.ts'

export const FILLER = '.filler'

/** Takes every free byte of a file system; gives them back with the call that is returned. */
export async function fillFileSystem(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, FILLER)
  writeFileSync(path, '')
  const { bavail, bsize } = statfsSync(dir)
  await run('fallocate', ['-l', String(bavail * bsize), path]).catch(async (error: unknown) => {
    // Someone took a block meanwhile: one by one until there is none.
    if (!/No space/i.test(String(error))) throw error
  })
  const left = statfsSync(dir)
  if (left.bavail > 16) throw new Error(`${dir} was to be full, but ${left.bavail} blocks are free.`)
  return async () => {
    truncateSync(path, 0)
    unlinkSync(path)
  }
}
