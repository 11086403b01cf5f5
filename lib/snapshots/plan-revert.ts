import 'server-only'
import { posix } from 'node:path'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { filesOf, type KnownVm } from '../hosts/inventory.ts'
import { START_LAYERS_MAXIMUM } from '../hosts/start-depth.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import { readSnapshots, type SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { Refusal } from '../jobs/refusal.ts'
import { OVERLAY_MIN_FREE_BYTES } from './limits.ts'
import { IMAGE_LOCKS, refusalOf, refusedIf, warnedIf } from '../plans/checks.ts'
import { checkAccess, checkLabels } from '../plans/file-access.ts'
import { fingerprintOf } from '../plans/fingerprint.ts'
import { readForecast } from '../plans/forecast.ts'
import type { PlanCheck } from '../plans/types.ts'
import { revertChecks } from './snapshot-rules.ts'
import type { RevertPlan } from './types.ts'
import { unprovenSnapshots } from './unproven.ts'

const when = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' })

/** What reverting costs, in plain words. Throws HostDown, VmGone, and Refusal when the snapshot is gone. */
export async function planRevert(hostName: string, vmUuid: string, name: string): Promise<RevertPlan> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  // Of the others what was read within the last second will do: fifty plans at once would read every file fifty times.
  host.files.forget(filesOf(vm))
  const [job = null] = await host.jobs.fresh(vm)
  const snapshots = await readSnapshots(await host.connection.reader(), vmUuid)
  const { list, current } = snapshots
  const snapshot = list.find((each) => each.name === name)
  if (!snapshot)
    throw new Refusal(
      `${vm.name} has no snapshot called “${name}” any more: it was deleted or merged meanwhile.`,
    )
  const currentSnapshot = list.find((each) => each.name === current) ?? null
  const sinceMs = currentSnapshot?.createdAtMs ?? snapshot.createdAtMs
  const bytesWritten = await activeBytes(host, vm)
  const laterSnapshots = list
    .filter((each) => each.createdAtMs > snapshot.createdAtMs || descendsFrom(list, each, name))
    .map((each) => each.name)
  const version = host.connection.status.status === 'up' ? host.connection.status.libvirtVersion : ''
  const unproven = (await unprovenSnapshots(host, list, name)).get(name)
  const external = snapshot.disks.filter((disk) => disk.kind === 'external' && disk.frozenPath !== null)
  const folders = [...new Set(external.map((disk) => posix.dirname(disk.frozenPath!)))]
  const depths = await Promise.all(
    external.map(async (disk) => ({
      target: disk.target,
      layers: (await walkChain(host.files, disk.frozenPath!, disk.frozenFormat)).layers.length,
    })),
  )
  const deep = depths.find((each) => each.layers >= START_LAYERS_MAXIMUM)
  const checks = [
    ...revertChecks({
      snapshot,
      job,
      version,
      unproven: unproven && !unproven.canInsist ? unproven.reason : null,
    }).map((check): PlanCheck =>
      check.name === 'restore points' && unproven?.canInsist
        ? {
            ...check,
            verdict: 'warn',
            sentence: unproven.reason,
            remedy: 'Revert only if you know better: compare the data first.',
          }
        : check,
    ),
    refusedIf(
      'state',
      await managedSaveRefusal(host, vm),
      vm.running ? 'The VM runs; it is stopped for the revert.' : 'The VM is off, without a saved state.',
    ),
    refusedIf(
      'chain',
      deep
        ? `${deep.target} would have ${deep.layers + 1} layers, and libvirt starts no VM with more than ${START_LAYERS_MAXIMUM}: the revert would stop the guest and fail.`
        : null,
      'The chains are short enough to be started.',
      'Merge layers below that snapshot first.',
    ),
    refusedIf(
      'space',
      await spaceRefusal(host, snapshot),
      'There is room for the new overlays.',
      'Free space first: a revert that fails for want of it has stopped the guest by then.',
    ),
    await checkAccess(host, vm, [], folders),
    checkLabels(vm),
    warnedIf(
      'sharing',
      snapshot.disks.some((disk) => disk.kind === 'no')
        ? `Not part of the snapshot: ${snapshot.disks
            .filter((disk) => disk.kind === 'no')
            .map((disk) => disk.target)
            .join(', ')}. The disks will not be of one moment.`
        : null,
      'Every disk is part of the snapshot.',
    ),
    IMAGE_LOCKS,
  ]
  const forecast = await readForecast(hostName, ['revert'])
  return {
    snapshot: name,
    sinceMs,
    bytesWritten,
    laterSnapshots,
    losses: losses(vm, snapshot, currentSnapshot, laterSnapshots),
    refusal: refusalOf(checks),
    unproven: unproven?.canInsist ? unproven.reason : null,
    plan: {
      checks,
      forecast: forecast.sentence,
      steps: [
        {
          sentence: `${vm.running ? 'Stop the guest, and put' : 'Put'} a new overlay on what ${name} froze: ${external.map((disk) => disk.target).join(', ')}.`,
          bytes: null,
          expectedMs: forecast.jobMs,
        },
        {
          sentence:
            'Start it, where it is to run afterwards, and see that every disk writes above the snapshot.',
          bytes: null,
          expectedMs: null,
        },
      ],
      fingerprint: fingerprintOf(host.jobs.jobsOf(vm.uuid), vm, snapshots, checks, { revert: name }),
    },
    stateThen: stateThen(snapshot),
    vmRunning: vm.running,
  }
}

function stateThen({ state }: SnapshotMetadata): RevertPlan['stateThen'] {
  if (state === 'paused') return 'paused'
  return state === 'shutoff' ? 'off' : 'running'
}

/** libvirt's creation time is in whole seconds: the tree tells more. */
function descendsFrom(
  list: readonly SnapshotMetadata[],
  snapshot: SnapshotMetadata,
  ancestor: string,
): boolean {
  if (snapshot.parent === null) return false
  const parent = list.find((each) => each.name === snapshot.parent)
  return snapshot.parent === ancestor || (parent !== undefined && descendsFrom(list, parent, ancestor))
}

function losses(
  vm: KnownVm,
  snapshot: SnapshotMetadata,
  current: SnapshotMetadata | null,
  later: string[],
): string[] {
  const left = snapshot.disks.filter((disk) => disk.kind === 'no').map((disk) => disk.target)
  return [
    current
      ? `Everything that ${vm.name} wrote since its current snapshot, ${current.name} (${when.format(current.createdAtMs)} UTC), is discarded.`
      : `Everything that ${vm.name} wrote since ${when.format(snapshot.createdAtMs)} UTC is discarded.`,
    ...(later.length > 0
      ? [
          `${later.length === 1 ? `The later snapshot ${later[0]} stays` : `The later snapshots ${later.join(', ')} stay`}: you can revert to ${later.length === 1 ? 'it' : 'them'} again.`,
        ]
      : []),
    ...(vm.running
      ? ['The running guest is stopped at once, as if its plug were pulled, and its memory is lost.']
      : []),
    ...(left.length > 0
      ? [
          `${left.join(', ')} ${left.length === 1 ? 'was' : 'were'} not part of the snapshot and ${left.length === 1 ? 'stays' : 'stay'} as now: the disks will not be of one moment.`,
        ]
      : []),
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

/** A revert keeps the save, and the next start fails on it (lib/hosts/LIBVIRT.md, “Snapshots”). */
async function managedSaveRefusal(host: Host, vm: KnownVm): Promise<string | null> {
  if (vm.running) return null
  const domain = await (await host.connection.reader()).domainLookupByUUID(vm.uuid)
  return (await domain.hasManagedSaveImage())
    ? `${vm.name} has a saved state (managed save) that belongs to its disks as they are now. Start it, or discard the saved state: virsh managedsave-remove.`
    : null
}

/** A revert that fails for want of space has stopped the guest by then (lib/hosts/LIBVIRT.md, “Snapshots”): look before. */
async function spaceRefusal(host: Host, snapshot: SnapshotMetadata): Promise<string | null> {
  const folders = new Set(
    snapshot.disks.flatMap((disk) =>
      disk.kind === 'external' && disk.frozenPath ? [posix.dirname(disk.frozenPath)] : [],
    ),
  )
  for (const folder of folders) {
    const freeBytes = await host.files.freeBytes(folder)
    if (freeBytes !== null && freeBytes < OVERLAY_MIN_FREE_BYTES * snapshot.disks.length)
      return `The file system of ${folder} is full (${freeBytes} bytes free), so no new overlay fits there.`
  }
  return null
}
