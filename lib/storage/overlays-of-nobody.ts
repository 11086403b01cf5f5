import 'server-only'
import { posix } from 'node:path'
import type { Host } from '../hosts/host.ts'

/** Each is one call: in folders with more, only what VMs and their snapshots name is known. */
const VOLUMES_MAXIMUM = 4_000

/** An image that stands on files in question. */
export interface Overlay {
  path: string
  /** Nearest first. */
  below: string[]
}

export interface Overlays {
  found: Overlay[]
  /** What was not looked at, a sentence each. */
  unlooked: string[]
}

/**
 * Every image beside these files that stands on one of them, whether or not a VM has it: somebody may have made a clone and not
 * defined its VM yet, or have undefined it to define it elsewhere. Only folders of the files themselves are looked at.
 */
export async function readOverlays(host: Host, paths: readonly string[]): Promise<Overlays> {
  const folders = [
    ...new Set(paths.filter((path) => path.startsWith('/')).map((path) => posix.dirname(path))),
  ]
  const listings = await Promise.all(
    folders.map(async (folder) => ({ folder, overlays: await host.files.overlays(folder, VOLUMES_MAXIMUM) })),
  )
  const backing = new Map(listings.flatMap(({ overlays }) => [...(overlays ?? [])]))
  return {
    found: overlaysOn(backing, new Set(paths)),
    unlooked: listings
      .filter(({ overlays }) => overlays === null)
      .map(
        ({ folder }) =>
          `${folder} can’t be listed, or holds more than ${VOLUMES_MAXIMUM} files: whether an image that no VM has stands on one of these was not looked at.`,
      ),
  }
}

/** Pure: which of these images stand on files in question, however many layers above. */
export function overlaysOn(backing: ReadonlyMap<string, string>, files: ReadonlySet<string>): Overlay[] {
  return [...backing.keys()].flatMap((path) => {
    const below: string[] = []
    for (let next = backing.get(path); next !== undefined && !below.includes(next); next = backing.get(next))
      below.push(next)
    return below.some((each) => files.has(each)) ? [{ path, below }] : []
  })
}
