import 'server-only'
import { posix } from 'node:path'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { readSnapshots, type SnapshotDiskMetadata, type SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { Refusal } from '../jobs/refusal.ts'
import { deleteRefusal } from './snapshot-rules.ts'
import type { DeletePlan } from './types.ts'
import { unprovenSnapshots } from './unproven.ts'

/** Deleted snapshots in the order in which libvirt accepts them: children before their parents. */
export interface PlannedDelete extends DeletePlan {
  order: string[]
  /** Layers whose content changes: until it is done they hold neither the old state nor the new one. */
  receivers: string[]
}

/** What deleting a snapshot does. Throws HostDown, VmGone, and Refusal when the snapshot is gone. */
export async function planDelete(hostName: string, vmUuid: string, name: string, withChildren: boolean): Promise<PlannedDelete> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  host.files.forget()
  await host.jobs.poll(vm)
  const { list, current } = await readSnapshots(await host.connection.reader(), vmUuid)
  const snapshot = list.find((each) => each.name === name)
  if (!snapshot) throw new Refusal(`${vm.name} has no snapshot called “${name}” any more: it was deleted or merged meanwhile.`)
  const order = withChildren ? descendants(list, snapshot) : [snapshot]
  const merges: string[] = []
  const removedFiles: string[] = []
  const receivers: string[] = []
  let bytesToCopy: number | null = 0
  for (const each of order) {
    for (const disk of each.disks) {
      if (disk.kind !== 'external' || disk.frozenPath === null) continue
      const merged = await mergedLayer(host, list, each, disk, vm.description?.disks.find((d) => d.target === disk.target)?.path ?? null)
      if (merged === null) {
        merges.push(`${disk.target}: nothing is merged, ${posix.basename(disk.overlayPath ?? '')} is not in use.`)
        continue
      }
      merges.push(`${disk.target}: ${posix.basename(merged.path)} is merged into ${posix.basename(disk.frozenPath)}.`)
      removedFiles.push(merged.path)
      receivers.push(disk.frozenPath)
      bytesToCopy = bytesToCopy === null || merged.bytes === null ? null : bytesToCopy + merged.bytes
    }
  }
  const version = host.connection.status.status === 'up' ? host.connection.status.libvirtVersion : ''
  const children = list.filter((each) => each.parent === name)
  const unproven = (await unprovenSnapshots(host, list, name)).get(name)
  const detached = unproven?.onlyMetadata === true || (await isDetached(host, snapshot))
  return {
    snapshot: name, withChildren, merges, bytesToCopy, removedFiles: [...new Set(removedFiles)], order: order.map((each) => each.name), receivers: [...new Set(receivers)],
    metadataOnly: detached,
    refusal: deleteRefusal({ snapshot, job: host.jobs.jobsOf(vmUuid)[0] ?? null, version })
      ?? (unproven?.onlyMetadata ? unproven.reason : null)
      ?? (!withChildren && current === name && children.length > 0 ? `It is the current snapshot and has children on another branch (${children.map((each) => each.name).join(', ')}), which libvirt can’t take apart. Delete those first, or revert to one of them, or delete it with its children.` : null)
      ?? (!withChildren && children.length > 1 ? `It has ${children.length} children (${children.map((each) => each.name).join(', ')}), and libvirt can merge its layer into one only. Delete all but one of them first, or delete it with its children.` : null),
  }
}

/** Deepest first; the snapshot itself last. */
function descendants(list: readonly SnapshotMetadata[], snapshot: SnapshotMetadata): SnapshotMetadata[] {
  return [...list.filter((each) => each.parent === snapshot.name).flatMap((child) => descendants(list, child)), snapshot]
}

/** The layer above what the snapshot froze: its child's frozen layer, or the active one. null on a branch that nobody uses. */
async function mergedLayer(host: Host, list: readonly SnapshotMetadata[], snapshot: SnapshotMetadata, disk: SnapshotDiskMetadata, activePath: string | null): Promise<{ path: string; bytes: number | null } | null> {
  const child = list.find((each) => each.parent === snapshot.name)
  const candidates = [child?.disks.find((each) => each.target === disk.target)?.frozenPath ?? null, activePath, disk.overlayPath]
  for (const path of candidates) {
    if (path === null) continue
    const reading = await host.files.read(path)
    if (reading.kind === 'found' && reading.backing?.path === disk.frozenPath) return { path, bytes: reading.allocatedBytes }
  }
  return null
}

/** True when the layer that the snapshot froze is not there any more: only its metadata is left. */
async function isDetached(host: Host, snapshot: SnapshotMetadata): Promise<boolean> {
  const external = snapshot.disks.filter((disk) => disk.kind === 'external' && disk.frozenPath !== null)
  const readings = await Promise.all(external.map((disk) => host.files.read(disk.frozenPath!)))
  return external.length > 0 && readings.some((reading) => reading.kind === 'missing')
}
