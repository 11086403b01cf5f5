import { statfsSync, unlinkSync, writeFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../lib/testing/lab/run-command.ts'

export const FILLER = '.filler'

/** Takes every free byte of a file system; gives them back with the call that is returned. */
export async function fillFileSystem(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, FILLER)
  writeFileSync(path, '')
  let filledBytes = 0
  // The guest writes meanwhile, and a fallocate that does not fit takes nothing: by halves then.
  for (let blocks = freeBlocks(dir); blocks > 0;) {
    const bytes = blocks * statfsSync(dir).bsize
    const fits = await run('fallocate', ['-o', String(filledBytes), '-l', String(bytes), path]).then(
      () => true,
      (error: unknown) => {
        if (/No space/i.test(String(error))) return false
        throw error
      },
    )
    if (fits) filledBytes += bytes
    blocks = Math.min(freeBlocks(dir), fits ? Infinity : Math.floor(blocks / 2))
  }
  if (freeBlocks(dir) > 0) throw new Error(`${dir} was to be full, but ${freeBlocks(dir)} blocks are free.`)
  return async () => {
    truncateSync(path, 0)
    unlinkSync(path)
  }
}

const freeBlocks = (dir: string) => statfsSync(dir).bavail
