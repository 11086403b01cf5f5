import 'server-only'
import { posix } from 'node:path'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { readSnapshots, type SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { Refusal } from '../jobs/refusal.ts'
import { OVERLAY_MIN_FREE_BYTES } from './limits.ts'
import { revertRefusal } from './snapshot-rules.ts'
import type { RevertPlan } from './types.ts'
import { unprovenSnapshots } from './unproven.ts'

const when = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' })

/** What reverting costs, in plain words. Throws HostDown, VmGone, and Refusal when the snapshot is gone. */
export async function planRevert(hostName: string, vmUuid: string, name: string): Promise<RevertPlan> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  host.files.forget()
  await host.jobs.poll(vm)
  const { list, current } = await readSnapshots(await host.connection.reader(), vmUuid)
  const snapshot = list.find((each) => each.name === name)
  if (!snapshot) throw new Refusal(`${vm.name} has no snapshot called “${name}” any more: it was deleted or merged meanwhile.`)
  const currentSnapshot = list.find((each) => each.name === current) ?? null
  const sinceMs = currentSnapshot?.createdAtMs ?? snapshot.createdAtMs
  const bytesWritten = await activeBytes(host, vm)
  const laterSnapshots = list.filter((each) => each.createdAtMs > snapshot.createdAtMs || descendsFrom(list, each, name)).map((each) => each.name)
  const version = host.connection.status.status === 'up' ? host.connection.status.libvirtVersion : ''
  return {
    snapshot: name, sinceMs, bytesWritten, laterSnapshots,
    losses: losses(vm, snapshot, currentSnapshot, laterSnapshots),
    refusal: revertRefusal({ snapshot, job: host.jobs.jobsOf(vmUuid)[0] ?? null, version, unproven: (await unprovenSnapshots(host, list, name)).get(name)?.reason ?? null })
      ?? (await managedSaveRefusal(host, vm)) ?? (await spaceRefusal(host, snapshot)),
    stateThen: snapshot.state === 'paused' ? 'paused' : snapshot.state === 'shutoff' ? 'off' : 'running',
    vmRunning: vm.running,
  }
}

/** libvirt's creation time is in whole seconds: the tree tells more. */
function descendsFrom(list: readonly SnapshotMetadata[], snapshot: SnapshotMetadata, ancestor: string): boolean {
  if (snapshot.parent === null) return false
  const parent = list.find((each) => each.name === snapshot.parent)
  return snapshot.parent === ancestor || (parent !== undefined && descendsFrom(list, parent, ancestor))
}

function losses(vm: KnownVm, snapshot: SnapshotMetadata, current: SnapshotMetadata | null, later: string[]): string[] {
  const left = snapshot.disks.filter((disk) => disk.kind === 'no').map((disk) => disk.target)
  return [
    current ? `Everything that ${vm.name} wrote since its current snapshot, ${current.name} (${when.format(current.createdAtMs)} UTC), is discarded.` : `Everything that ${vm.name} wrote since ${when.format(snapshot.createdAtMs)} UTC is discarded.`,
    ...(later.length > 0 ? [`${later.length === 1 ? `The later snapshot ${later[0]} stays` : `The later snapshots ${later.join(', ')} stay`}: you can revert to ${later.length === 1 ? 'it' : 'them'} again.`] : []),
    ...(vm.running ? ['The running guest is stopped at once, as if its plug were pulled, and its memory is lost.'] : []),
    ...(left.length > 0 ? [`${left.join(', ')} ${left.length === 1 ? 'was' : 'were'} not part of the snapshot and ${left.length === 1 ? 'stays' : 'stay'} as now: the disks will not be of one moment.`] : []),
  ]
}

/** Bytes in the layers that are written to now: what the revert discards. */
async function activeBytes(host: Host, vm: KnownVm): Promise<number | null> {
  let total = 0
  for (const disk of vm.description?.disks ?? []) {
    if (disk.device !== 'disk' || disk.path === null) continue
    const reading = await host.files.read(disk.path)
    if (reading.kind !== 'found') return null
    if (reading.backing) total += reading.allocatedBytes
  }
  return total
}

/** A revert keeps the save, and the next start fails on it (DESIGN.md, section 5). */
async function managedSaveRefusal(host: Host, vm: KnownVm): Promise<string | null> {
  if (vm.running) return null
  const domain = await (await host.connection.reader()).domainLookupByUUID(vm.uuid)
  return (await domain.hasManagedSaveImage()) ? `${vm.name} has a saved state (managed save) that belongs to its disks as they are now. Start it, or discard the saved state: virsh managedsave-remove.` : null
}

/** A revert that fails for want of space has stopped the guest by then (DESIGN.md, section 5): look before. */
async function spaceRefusal(host: Host, snapshot: SnapshotMetadata): Promise<string | null> {
  const folders = new Set(snapshot.disks.flatMap((disk) => (disk.kind === 'external' && disk.frozenPath ? [posix.dirname(disk.frozenPath)] : [])))
  for (const folder of folders) {
    const freeBytes = await host.files.freeBytes(folder)
    if (freeBytes !== null && freeBytes < OVERLAY_MIN_FREE_BYTES * snapshot.disks.length) return `The file system of ${folder} is full (${freeBytes} bytes free), so no new overlay fits there. Free space first.`
  }
  return null
}
