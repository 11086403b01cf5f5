import 'server-only'
import { posix } from 'node:path'
import type { ImageReading } from '../hosts/image-files.ts'
import { markOf } from './same-file.ts'
import type { FileMark, HostUses, SameFolder, SeenMark, UsedFile } from './types.ts'

/** A host may see the times of a shared folder through its own cache: NFS's is a minute old at most, unless it was set otherwise. */
const CACHED_NS = 600e9

/**
 * Whether a file of another host may be one in question under another name, a link for example: only then it is worth a look.
 * Its length says nothing while somebody writes to it. Pure.
 */
export const isAlike = (asked: FileMark | null, other: FileMark | null): boolean =>
  asked !== null &&
  other !== null &&
  asked.header === other.header &&
  Math.abs(Number(asked.modifiedNs - other.modifiedNs)) < CACHED_NS

/** Layers that the other host itself could not look at: a look from here is all there is. */
const isUnseenLayer = ({ mark, uses }: UsedFile): boolean =>
  mark === null && uses.some(({ kind }) => kind !== 'configuration' && kind !== 'memory')

/**
 * The other hosts' uses, with what the asking host sees under the names that they use, in folders of its own that are the same
 * storage. Asked only for names that none of the files in question has there, of files that are alike or were not looked at.
 */
export async function seeOtherNames(
  host: { name: string; files: { read(path: string, maximumAgeMs: number): Promise<ImageReading> } },
  asked: ReadonlyMap<string, FileMark | null>,
  others: readonly HostUses[],
  sameFolder: SameFolder,
): Promise<HostUses[]> {
  const looks = new Map<string, Promise<SeenMark>>()
  const look = (path: string): Promise<SeenMark> => {
    const known = looks.get(path) ?? host.files.read(path, 0).then(seenMark)
    looks.set(path, known)
    return known
  }
  const seen = async (other: string, file: UsedFile): Promise<UsedFile> => {
    const [name, folder] = [posix.basename(file.path), posix.dirname(posix.normalize(file.path))]
    const found: Record<string, SeenMark> = {}
    for (const [path, mark] of asked) {
      if (!isUnseenLayer(file) && !isAlike(mark, file.mark)) continue
      const own = posix.dirname(posix.normalize(path))
      const here = posix.join(own, name)
      if (posix.basename(path) === name || here in found) continue
      if (sameFolder({ host: host.name, folder: own }, { host: other, folder }) === true)
        found[here] = await look(here)
    }
    return Object.keys(found).length === 0 ? file : { ...file, seen: found }
  }
  return Promise.all(
    others.map(async (uses) => ({
      ...uses,
      files: await Promise.all(uses.files.map((file) => seen(uses.host, file))),
    })),
  )
}

function seenMark(reading: ImageReading): SeenMark {
  if (reading.kind === 'missing') return null
  return reading.kind === 'found' ? (markOf(reading) ?? 'unread') : 'unread'
}
