import 'server-only'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import { isHelper } from '../hosts/helper-domain.ts'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { perProcess } from '../server/per-process.ts'
import { store } from '../store/store.ts'
import { forgetBacking, readTemplates, recordBacking } from './backing-files.ts'
import type { UsedFile } from './types.ts'

/** What this process has written down already: a VM's layers change rarely, and are looked at every second. */
const recorded = perProcess('storage/own-layers', () => new Set<string>())

/** Files that disks write to for good while the VM runs: what a transient one writes is thrown away. */
const writtenPaths = (disks: readonly XmlDisk[]): string[] =>
  disks.flatMap((disk) =>
    disk.path === null || disk.readonly || disk.transient || disk.device !== 'disk' ? [] : [disk.path],
  )

/** Remembers, of every VM of the host, what its disks write to and what they have below that, as the watch of pages sees it. */
export function rememberLayers(host: Host): void {
  host.onLook((vm) => {
    if (isHelper(vm)) return
    // What could not be written down now is at the next look.
    void recordActiveLayers(host.name, vm).catch(() => undefined)
    void recordBacking(host.name, backingOf(host.name, vm)).catch(() => undefined)
  })
}

/** What is known to lie below the files that the VM's disks open. */
const backingOf = (host: string, vm: KnownVm): Pick<UsedFile, 'path' | 'uses'>[] =>
  (vm.description?.disks ?? []).flatMap((disk) => {
    const use = { host, vmUuid: vm.uuid, vmName: vm.name, running: vm.running, kind: 'disk' as const }
    const needs = [{ ...use, target: disk.target, isOther: false, snapshot: null, isBacking: true }]
    const paths = [...disk.layers.map((layer) => layer.path), ...(vm.facts?.paths.get(disk.target) ?? [])]
    return paths.flatMap((path) => (path === null || path === disk.path ? [] : [{ path, uses: needs }]))
  })

/** Remembers for good which files the VM's disks write to: they are its own, also when its snapshots are gone. A VM that is off writes nothing. */
export async function recordActiveLayers(
  host: string,
  vm: Pick<KnownVm, 'uuid' | 'running' | 'description'>,
): Promise<void> {
  if (vm.running) await recordOwnLayers(host, vm.uuid, writtenPaths(vm.description?.disks ?? []))
}

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
 * The VM's own files: those that its disks write to, wrote to when a snapshot was taken, or were once seen to write to, unless
 * another VM ever stood on them. Every other file below it is a template.
 */
export async function readOwnLayers(
  host: string,
  vm: Pick<KnownVm, 'uuid' | 'description'>,
  snapshots: readonly Pick<SnapshotMetadata, 'definition'>[],
): Promise<Set<string>> {
  const seen = await store()
    .selectFrom('active_layers')
    .select('path')
    .where('host', '=', host)
    .where('vm_uuid', '=', vm.uuid)
    .execute()
  const own = new Set([
    ...writtenPaths(vm.description?.disks ?? []),
    ...snapshots.flatMap(({ definition }) => writtenPaths(definition?.disks ?? [])),
    ...seen.map((row) => row.path),
  ])
  for (const path of await readTemplates(host, vm.uuid, [...own])) own.delete(path)
  return own
}

/** The VMs, by UUID, that were once seen to write to each of these files while they ran. */
export async function readWriters(host: string, paths: readonly string[]): Promise<Map<string, string[]>> {
  if (paths.length === 0) return new Map()
  const rows = await store()
    .selectFrom('active_layers')
    .select(['path', 'vm_uuid'])
    .where('host', '=', host)
    .where('path', 'in', [...paths])
    .execute()
  const writers = new Map<string, string[]>()
  for (const { path, vm_uuid } of rows) writers.set(path, [...(writers.get(path) ?? []), vm_uuid])
  return writers
}

/** The files are gone, or what they held was merged: others of the same names would inherit what is known of them. */
export async function forgetLayers(host: string, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return
  await forgetBacking(host, paths)
  await store()
    .deleteFrom('active_layers')
    .where('host', '=', host)
    .where('path', 'in', [...paths])
    .execute()
  for (const key of recorded) {
    const [ofHost, , path] = JSON.parse(key) as [string, string, string]
    if (ofHost === host && paths.includes(path)) recorded.delete(key)
  }
}
