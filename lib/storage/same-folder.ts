import 'server-only'
import { randomUUID } from 'node:crypto'
import { posix } from 'node:path'
import { isConnectionError, isLibvirtError, type Connect } from 'node-libvirt'
import type { ImageFiles } from '../hosts/image-files.ts'
import { perProcess } from '../server/per-process.ts'

/**
 * So long an answer other than yes is not asked for again. A share may be mounted later, and NFS may show a folder as it was up to
 * 60 s ago: a no is not for good.
 */
const RETRY_MS = 60_000

/** The part of a host that is asked for here. */
interface Holder {
  name: string
  connection: { files(): Promise<Connect> }
  files: Pick<ImageFiles, 'pool' | 'listAnew'>
}

export interface FolderOfHost {
  host: Holder
  folder: string
}

interface Answer {
  same: boolean | undefined
  atMs: number
  /** Of both hosts: after a reconnection something else may be mounted. */
  connects: readonly [Connect, Connect]
}

const answers = perProcess('storage/same-folder', () => new Map<string, Promise<Answer>>())

/**
 * Whether a folder of one host and one of another are the same storage: an empty file that one makes is listed by the other,
 * or is not (0.1 s, measured). It is removed at once. They are two only where each has made one that the other does not list.
 * undefined: nobody could tell.
 */
export async function isSameFolder(one: FolderOfHost, two: FolderOfHost): Promise<boolean | undefined> {
  const key = JSON.stringify([one.host.name, one.folder, two.host.name, two.folder])
  const connects = [await one.host.connection.files(), await two.host.connection.files()] as const
  const known = await answers.get(key)
  const isFresh =
    known !== undefined &&
    known.connects[0] === connects[0] &&
    known.connects[1] === connects[1] &&
    (known.same === true || Date.now() - known.atMs < RETRY_MS)
  if (isFresh) return known.same
  const answer = ask(one, two).then((same) => ({ same, atMs: Date.now(), connects }))
  answers.set(key, answer)
  answer.catch(() => answers.delete(key))
  return (await answer).same
}

async function ask(one: FolderOfHost, two: FolderOfHost): Promise<boolean | undefined> {
  const there = await probe(one, two)
  if (there === true) return true
  const back = await probe(two, one)
  if (back === true) return true
  return there === false && back === false ? false : undefined
}

/** undefined when no file could be made there, or the other host can't list its folder as it is now. */
async function probe(maker: FolderOfHost, finder: FolderOfHost): Promise<boolean | undefined> {
  const name = `keyframe-probe-${randomUUID()}`
  try {
    const pool = await maker.host.files.pool(maker.folder)
    const marker = await pool.storageVolCreateXML(
      `<volume><name>${name}</name><capacity>0</capacity><target><format type='raw'/></target></volume>`,
    )
    try {
      return (await finder.host.files.listAnew(finder.folder)).some((path) => posix.basename(path) === name)
    } finally {
      await marker.delete()
    }
  } catch (error) {
    if (isConnectionError(error) || !isLibvirtError(error)) throw error
    return undefined
  }
}
