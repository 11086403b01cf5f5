import 'server-only'
import type { Host } from '../hosts/host.ts'
import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import { readTaintedLayers } from '../merges/tainted-layers.ts'

/** libvirt's creation time is in whole seconds: a record of the same second counts as later. */
const CREATION_PRECISION_MS = 1_000

/**
 * Snapshots whose data is known, or must be assumed, to be no longer what they froze, with the reason: a layer that
 * they read was the base of a merge, is written to by a disk now (merged by hand), or is not there any more.
 */
export async function unprovenSnapshots(host: Host, snapshots: readonly SnapshotMetadata[]): Promise<Map<string, string>> {
  const [tainted, written] = [await readTaintedLayers(host.name), await readActiveLayers(host)]
  const unproven = new Map<string, string>()
  await Promise.all(snapshots.map(async (snapshot) => {
    for (const disk of snapshot.disks) {
      if (disk.kind !== 'external' || disk.frozenPath === null) continue
      const chain = await walkChain(host.files, disk.frozenPath, disk.frozenFormat)
      const paths = chain.layers.map((layer) => layer.reading.path)
      const changed = paths.map((path) => tainted.get(path)).find((each) => each !== undefined && snapshot.createdAtMs < each.sinceMs + CREATION_PRECISION_MS)
      const active = paths.find((path) => written.has(path))
      const last = chain.layers.at(-1)?.reading
      if (last && last.kind !== 'found') unproven.set(snapshot.name, `${disk.target}: ${last.reason}.`)
      else if (active) unproven.set(snapshot.name, `${disk.target}: ${active} is written to by ${written.get(active)} now, so it no longer holds what was frozen: its layers were merged by hand. Only the snapshot’s metadata is left to delete.`)
      else if (changed) unproven.set(snapshot.name, `${disk.target}: ${changed.reason}.`)
    }
  }))
  return unproven
}

/** Files that a disk of any VM of the host writes to, and which: "vda of db". */
async function readActiveLayers(host: Host): Promise<Map<string, string>> {
  const vms = await host.inventory.vms()
  return new Map(vms.flatMap((vm) => (vm.description?.disks ?? []).flatMap((disk) => (disk.path === null || disk.readonly ? [] : [[disk.path, `${disk.target} of ${vm.name}`] as const]))))
}
