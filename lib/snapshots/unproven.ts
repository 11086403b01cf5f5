import 'server-only'
import type { Host } from '../hosts/host.ts'
import type { SnapshotDiskMetadata, SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import { readTaintedLayers } from '../merges/tainted-layers.ts'

/** libvirt's creation time is in whole seconds: a record of the same second counts as later. */
const CREATION_PRECISION_MS = 1_000

export interface Unproven {
  /** One sentence, ready to show. */
  reason: string
  /** libvirt can't delete it either: only its metadata can go. */
  onlyMetadata: boolean
}

/**
 * Snapshots whose data is known, or must be assumed, to be no longer what they froze, with the reason: a layer that
 * they read was the base of a merge, was written to again (merged by hand), or is not there any more.
 * `snapshots` are all of the VM's; `only` answers for one of them.
 */
export async function unprovenSnapshots(host: Host, snapshots: readonly SnapshotMetadata[], only?: string): Promise<Map<string, Unproven>> {
  const [tainted, written] = [await readTaintedLayers(host.name), await readActiveLayers(host)]
  const unproven = new Map<string, Unproven>()
  const set = (snapshot: SnapshotMetadata, onlyMetadata: boolean, reason: string) => void unproven.set(snapshot.name, { reason, onlyMetadata })
  await Promise.all(snapshots.filter((each) => only === undefined || each.name === only).map(async (snapshot) => {
    for (const disk of snapshot.disks) {
      if (disk.kind !== 'external' || disk.frozenPath === null) continue
      const chain = await walkChain(host.files, disk.frozenPath, disk.frozenFormat)
      const paths = chain.layers.map((layer) => layer.reading.path)
      const changed = paths.map((path) => tainted.get(path)).find((each) => each !== undefined && snapshot.createdAtMs < each.sinceMs + CREATION_PRECISION_MS)
      const active = paths.find((path) => written.has(path))
      const last = chain.layers.at(-1)?.reading
      const again = refrozenBy(snapshots, snapshot, disk)
      if (last && last.kind !== 'found') set(snapshot, false, `${disk.target}: ${last.reason}.`)
      else if (active) set(snapshot, true, `${disk.target}: ${active} is written to by ${written.get(active)} now, so it no longer holds what was frozen: its layers were merged by hand. Only the snapshot’s metadata is left to delete.`)
      else if (again) set(snapshot, true, `${disk.target}: ${disk.frozenPath} was written to until the snapshot ${again} froze it again: its layers were merged by hand. Only the snapshot’s metadata is left to delete.`)
      else if (changed) set(snapshot, false, `${disk.target}: ${changed.reason}.`)
    }
  }))
  return unproven
}

/** Two snapshots of one layer: it was merged into and written to between them, which libvirt does not notice. */
function refrozenBy(snapshots: readonly SnapshotMetadata[], snapshot: SnapshotMetadata, disk: SnapshotDiskMetadata): string | null {
  const at = (each: SnapshotMetadata) => snapshots.indexOf(each)
  const later = snapshots.find((each) => each !== snapshot && each.disks.some((other) => other.target === disk.target && other.kind === 'external' && other.frozenPath === disk.frozenPath)
    && (each.createdAtMs > snapshot.createdAtMs || (each.createdAtMs === snapshot.createdAtMs && at(each) > at(snapshot))))
  return later?.name ?? null
}

/** Files that a disk of any VM of the host writes to, and which: "vda of db". */
async function readActiveLayers(host: Host): Promise<Map<string, string>> {
  const vms = await host.inventory.vms()
  return new Map(vms.flatMap((vm) => (vm.description?.disks ?? []).flatMap((disk) => (disk.path === null || disk.readonly ? [] : [[disk.path, `${disk.target} of ${vm.name}`] as const]))))
}
