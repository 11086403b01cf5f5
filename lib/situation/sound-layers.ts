import 'server-only'
import type { Host } from '../hosts/host.ts'
import { forgetLayers } from '../storage/own-layers.ts'
import { store } from '../store/store.ts'

/**
 * Writes down that these layers hold what their snapshots froze, as they are now: after a snapshot, or after a merge into
 * them that was finished and reconciled. What changes them later shows by their modification time (lib/hosts/LIBVIRT.md, “Merges”).
 * `asOfMs`: the instant, by the host's clock, that it is known of; default: the modification itself.
 */
export async function markSound(
  host: Host,
  paths: readonly string[],
  reason: string,
  asOfMs = 0,
): Promise<void> {
  for (const path of new Set(paths)) {
    const reading = await host.files.read(path, 0)
    if (reading.kind !== 'found' || reading.modifiedMs === null) continue
    const known = { modified_ms: reading.modifiedMs, as_of_ms: Math.max(reading.modifiedMs, asOfMs), reason }
    await store()
      .insertInto('sound_layers')
      .values({ host: host.name, path, ...known })
      .onConflict((conflict) => conflict.columns(['host', 'path']).doUpdateSet(known))
      .execute()
  }
}

export interface SoundLayer {
  /** The modification time that it had, epoch ms of the host's clock. */
  modifiedMs: number
  /** When it was known to be sound, by the same clock. */
  asOfMs: number
}

/** How layers of a host were last known to be sound; by path. */
export async function readSoundLayers(host: string): Promise<Map<string, SoundLayer>> {
  const rows = await store()
    .selectFrom('sound_layers')
    .select(['path', 'modified_ms', 'as_of_ms'])
    .where('host', '=', host)
    .execute()
  return new Map(rows.map((row) => [row.path, { modifiedMs: row.modified_ms, asOfMs: row.as_of_ms }]))
}

/** The files are gone: others of the same names would inherit their records, those of their writers included. */
export async function forgetSound(host: string, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return
  await forgetLayers(host, paths)
  await store()
    .deleteFrom('sound_layers')
    .where('host', '=', host)
    .where('path', 'in', [...paths])
    .execute()
}
