import 'server-only'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { perProcess } from '../server/per-process.ts'
import { store } from '../store/store.ts'

/** What this process has written down already: a VM's layers change rarely, and are looked at every second. */
const recorded = perProcess('storage/own-layers', () => new Set<string>())

/** Files that the VM's disks write to now. */
export const activePaths = (vm: KnownVm): string[] =>
  (vm.description?.disks ?? []).flatMap((disk) =>
    disk.path === null || disk.readonly || disk.device !== 'disk' ? [] : [disk.path],
  )

/** Remembers them of every VM of the host, as the watch of pages sees it. */
export function rememberLayers(host: Host): void {
  host.onLook((vm) => {
    // What could not be written down now is at the next look.
    void recordActiveLayers(host.name, vm).catch(() => undefined)
  })
}

/** Remembers for good which files the VM's disks write to: they are its own, also when its snapshots are gone. */
export const recordActiveLayers = (host: string, vm: KnownVm): Promise<void> =>
  recordOwnLayers(host, vm.uuid, activePaths(vm))

/** Remembers for good that these files are or were written to by the VM. */
export async function recordOwnLayers(
  host: string,
  vmUuid: string,
  written: readonly string[],
): Promise<void> {
  const keyOf = (path: string) => JSON.stringify([host, vmUuid, path])
  const paths = written.filter((path) => !recorded.has(keyOf(path)))
  if (paths.length === 0) return
  await store()
    .insertInto('active_layers')
    .values(paths.map((path) => ({ host, vm_uuid: vmUuid, path, seen_at_ms: Date.now() })))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  for (const path of paths) recorded.add(keyOf(path))
}

/**
 * The VM's own files: those that its disks write to, wrote to when a snapshot was taken, or were once seen to write to. Every
 * other file below it is a template.
 */
export async function readOwnLayers(
  host: string,
  vm: KnownVm,
  snapshots: readonly SnapshotMetadata[],
): Promise<Set<string>> {
  const seen = await store()
    .selectFrom('active_layers')
    .select('path')
    .where('host', '=', host)
    .where('vm_uuid', '=', vm.uuid)
    .execute()
  return new Set([
    ...activePaths(vm),
    ...snapshots.flatMap(({ definition }) =>
      (definition?.disks ?? []).flatMap((disk) => (disk.path === null ? [] : [disk.path])),
    ),
    ...seen.map((row) => row.path),
  ])
}
