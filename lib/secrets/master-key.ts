import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { perProcess } from '../server/per-process.ts'
import { settings, type Settings } from '../settings/settings.ts'

const KEY_BYTES = 32
/** A key of 32 bytes, in whatever letters it is written. */
const KEY_MIN_CHARACTERS = 32
const OTHERS_MAY_READ = 0o007

type Where = Pick<Settings, 'dataDirectory' | 'secretFile'>

/** Where the one key lies from which all others are derived: KEYFRAME_SECRET_FILE, or `secret` in the data folder. */
export const masterKeyPath = ({ dataDirectory, secretFile }: Where): string =>
  secretFile ?? join(dataDirectory, 'secret')

/** Writes a new key under `path`, for its owner only, whole or not at all; one that is there stays. */
export function writeMasterKey(path: string, key: string): void {
  const partial = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    const file = openSync(partial, 'wx', 0o600)
    writeFileSync(file, key)
    fsyncSync(file)
    closeSync(file)
    linkSync(partial, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(partial, { force: true })
  }
}

export const newMasterKey = (): string => randomBytes(KEY_BYTES).toString('hex')

/** Reads the key; the one in the data folder is made where there is none. Throws an Error with a sentence that names the variable. */
export function ensureMasterKey(where: Where): string {
  const path = masterKeyPath(where)
  const variable = where.secretFile === null ? 'KEYFRAME_DATA' : 'KEYFRAME_SECRET_FILE'
  try {
    if (where.secretFile === null) {
      mkdirSync(where.dataDirectory, { recursive: true, mode: 0o700 })
      chmodSync(where.dataDirectory, 0o700)
      // Cut short by a full disk or a crash of an older Keyframe it would sign nothing.
      if (existsSync(path) && readFileSync(path, 'utf8').trim() === '') rmSync(path)
      if (!existsSync(path)) writeMasterKey(path, newMasterKey())
      chmodSync(path, 0o600)
    }
    const key = readFileSync(path, 'utf8').trim()
    if ((statSync(path).mode & OTHERS_MAY_READ) !== 0)
      throw new Error(`${path} can be read by every user of this machine. Take that away: chmod 600 ${path}`)
    if (key.length < KEY_MIN_CHARACTERS)
      throw new Error(`${path} holds ${key.length} characters, and a key has at least ${KEY_MIN_CHARACTERS}.`)
    return key
  } catch (error) {
    const what =
      where.secretFile === null
        ? `the directory ${where.dataDirectory} can't be used`
        : `the key in ${path} can't be used`
    throw new Error(`${variable}: ${what}: ${(error as Error).message}`, { cause: error })
  }
}

const shared = perProcess<{ masterKey?: { path: string; key: string } }>('secrets/master-key', () => ({}))

/** The key of this process, read once. Throws an Error with a sentence. */
export function masterKey(): string {
  const path = masterKeyPath(settings())
  if (shared.masterKey?.path !== path) shared.masterKey = { path, key: ensureMasterKey(settings()) }
  return shared.masterKey.key
}

/** The key is read again when it is asked for next: another one lies there now. */
export function forgetMasterKey(): void {
  delete shared.masterKey
}
