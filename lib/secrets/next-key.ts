import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { storedSecretsKeyId } from './stored-secret.ts'

// A new master key lies beside the old one until what is stored has been written with it; the database says which of the
// two that is. So at each moment one of two files holds the right key, and it is known which.

/** Where the key lies that is to take the place of the one under `path`. */
export const nextKeyPath = (path: string): string => `${path}.next`

/** A rename, and a file that was made, last only when their folder is on the disk. */
function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Writes the key that is to come, for the owner and the group of the one under `path`. Throws as `fs` does. */
export function writeNextKey(path: string, key: string): void {
  const next = nextKeyPath(path)
  const { uid, gid, mode } = statSync(path)
  rmSync(next, { force: true })
  const file = openSync(next, 'wx', 0o600)
  try {
    writeFileSync(file, `${key}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  const made = statSync(next)
  if (made.uid !== uid || made.gid !== gid) chownSync(next, uid, gid)
  chmodSync(next, mode & 0o770)
  syncFolder(next)
}

/** The key that is to come takes the place of the one under `path`, at once. */
export function takeNextKey(path: string): void {
  renameSync(nextKeyPath(path), path)
  syncFolder(path)
}

/**
 * Ends a change of keys that was broken off: the new key takes its place when the database was written with it, else it goes.
 * `writtenWith`: id of the key that the database names, or null. @returns true when the key under `path` is another now.
 */
export function settleNextKey(path: string, writtenWith: string | null): boolean {
  const next = nextKeyPath(path)
  if (!existsSync(next)) return false
  const isTaken =
    writtenWith !== null && storedSecretsKeyId(readFileSync(next, 'utf8').trim()) === writtenWith
  if (isTaken) takeNextKey(path)
  else rmSync(next)
  return isTaken
}

/** The keys that lie there now, the one in use first: a change of them may be under way. */
export function keysThere(path: string): string[] {
  const there = [path, nextKeyPath(path)].filter((each) => existsSync(/*turbopackIgnore: true*/ each))
  return there.map((each) => readFileSync(/*turbopackIgnore: true*/ each, 'utf8').trim())
}
