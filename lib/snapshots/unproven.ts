import 'server-only'
import type { Host } from '../hosts/host.ts'
import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import { readTaintedLayers } from '../merges/tainted-layers.ts'

/**
 * Snapshots whose data is known, or must be assumed, to be no longer what they froze, with the reason: a layer that
 * they read was the base of a merge that was begun and not finished, or is not there any more.
 */
export async function unprovenSnapshots(host: Host, snapshots: readonly SnapshotMetadata[]): Promise<Map<string, string>> {
  const tainted = await readTaintedLayers(host.name)
  const unproven = new Map<string, string>()
  await Promise.all(snapshots.map(async (snapshot) => {
    for (const disk of snapshot.disks) {
      if (disk.kind !== 'external' || disk.frozenPath === null) continue
      const chain = await walkChain(host.files, disk.frozenPath, disk.frozenFormat)
      const changed = chain.layers.map((layer) => tainted.get(layer.reading.path)).find((each) => each !== undefined)
      const last = chain.layers.at(-1)?.reading
      if (changed) unproven.set(snapshot.name, `${disk.target}: ${changed.reason}`)
      else if (last && last.kind !== 'found') unproven.set(snapshot.name, `${disk.target}: ${last.reason}.`)
    }
  }))
  return unproven
}
