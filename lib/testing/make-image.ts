import { join } from 'node:path'
import type { Lab } from './lab/lab.ts'
import { run } from './lab/run-command.ts'

/**
 * A qcow2 image of 8 MiB among the lab's images, with its path. `below`: the image that it stands on; `pattern`: the byte that
 * its first MiB holds.
 */
export async function makeImage(
  lab: Pick<Lab, 'imagesDir' | 'user'>,
  file: string,
  { below = null, pattern = null }: { below?: string | null; pattern?: number | null } = {},
): Promise<string> {
  const path = join(lab.imagesDir, file)
  const backing = below === null ? [] : ['-b', join(lab.imagesDir, below), '-F', 'qcow2']
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', ...backing, path, '8M'])
  if (pattern !== null) await run('qemu-io', ['-f', 'qcow2', '-c', `write -P ${pattern} 0 1M`, path])
  lab.user.own(path)
  return path
}
