import 'server-only'
import { isLibvirtError, type StoragePool } from 'node-libvirt'
import { z } from 'zod'
import type { Host } from '../../hosts/host.ts'
import { Refusal } from '../../jobs/refusal.ts'
import { getFile, withFolder } from './backup-folder.ts'
import type { Target } from './targets.ts'

/** Lies in each target's directory: an empty mount point, or another disk mounted there, does not have it. */
export const MARKER_FILE = 'keyframe-target.json'
const MARKER_MAX_BYTES = 64 * 1024
const Marker = z.object({ format: z.literal('keyframe-target'), version: z.literal(1), id: z.uuid() })

/** The marker's text. */
export const markerOf = (id: string): Buffer =>
  Buffer.from(
    `${JSON.stringify({ format: 'keyframe-target', version: 1, id } satisfies z.infer<typeof Marker>)}\n`,
  )

/** Id of the target that a directory is; null when it is none. */
export async function readMarker(pool: StoragePool): Promise<string | null> {
  try {
    return Marker.parse(
      JSON.parse((await getFile(pool, MARKER_FILE, MARKER_MAX_BYTES))?.toString('utf8') ?? ''),
    ).id
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null
    throw error
  }
}

/** Bytes free on the target's file system. Throws Refusal when the directory is not there, or is not the target. */
export async function freeBytesOf(host: Host, target: Target): Promise<number> {
  return host.connection.operate(async (connect) => {
    try {
      return await withFolder(connect, target.path, async (pool) => {
        if ((await readMarker(pool)) !== target.id)
          throw new Refusal(
            `${target.path} is there, but it is not the backup target ${target.name}: ${MARKER_FILE} is missing or belongs to another. Is its file system mounted on ${host.name}? Nothing was written.`,
          )
        return (await pool.getInfo()).availableBytes
      })
    } catch (error) {
      if (isLibvirtError(error))
        throw new Refusal(
          `The backup target ${target.name} can’t be reached on ${host.name}: ${error.message}. Nothing was written.`,
        )
      throw error
    }
  })
}

/** Left free on a target's file system, so that it can still be worked with. */
const RESERVE_BYTES = 16 * 1024 * 1024

/** Why so many bytes more don’t fit; null when they do. */
export function spaceRefusal(target: Target, freeBytes: number, neededBytes: number): string | null {
  const mib = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MiB`
  if (neededBytes + RESERVE_BYTES > freeBytes)
    return `The target ${target.name} has not enough space: the backup may take ${mib(neededBytes)}, and ${mib(freeBytes)} are free in ${target.path}. Free space there, or let older backups expire.`
  if (target.quotaBytes !== null && target.usedBytes + neededBytes > target.quotaBytes)
    return `The quota of the target ${target.name} would be exceeded: ${mib(target.usedBytes)} of ${mib(target.quotaBytes)} are used, and the backup may take ${mib(neededBytes)}. Raise it, or let older backups expire.`
  return null
}
