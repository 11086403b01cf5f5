import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const labSourceDir = dirname(fileURLToPath(import.meta.url))
export const repoDir = resolve(labSourceDir, '../../..')

export function cacheDir(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'keyframe')
}

// Everything that decides what a built guest is made of.
const GUEST_SOURCES = [
  'guest-init.sh',
  'guest-shutdown.sh',
  'guest-kernel.ts',
  'guest-parts.ts',
  'record-format.ts',
  'cpio.ts',
]

/** Built guests live under the hash of their sources: a change builds anew and never mixes with the old. */
export function guestCacheDir(): string {
  const hash = createHash('sha256')
  for (const name of GUEST_SOURCES) hash.update(name).update(readFileSync(join(labSourceDir, name)))
  return join(cacheDir(), `lab-${hash.digest('hex').slice(0, 12)}`)
}
