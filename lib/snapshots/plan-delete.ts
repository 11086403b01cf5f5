import 'server-only'
import { posix } from 'node:path'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import {
  readSnapshots,
  type SnapshotDiskMetadata,
  type SnapshotMetadata,
} from '../hosts/snapshot-metadata.ts'
import { Refusal } from '../jobs/refusal.ts'
import { filesOf, type KnownVm } from '../hosts/inventory.ts'
import { describeUse } from '../storage/describe-use.ts'
import { readFileUsers } from '../storage/file-users.ts'
import { isStandby } from '../storage/sharers.ts'
import { IMAGE_LOCKS, refusalOf, refusedIf, warnedIf } from '../plans/checks.ts'
import { checkAccess, checkLabels } from '../plans/file-access.ts'
import { fingerprintOf } from '../plans/fingerprint.ts'
import { readForecast } from '../plans/forecast.ts'
import { deleteChecks } from './snapshot-rules.ts'
import type { DeletePlan } from './types.ts'
import { unprovenSnapshots } from './unproven.ts'

/** Deleted snapshots in the order in which libvirt accepts them: children before their parents. */
export interface PlannedDelete extends DeletePlan {
  order: string[]
  /** Layers whose content changes: until it is done they hold neither the old state nor the new one. */
  receivers: string[]
}

/** What deleting a snapshot does. Throws HostDown, VmGone, and Refusal when the snapshot is gone. */
export async function planDelete(
  hostName: string,
  vmUuid: string,
  name: string,
  withChildren: boolean,
): Promise<PlannedDelete> {
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
  const order = withChildren ? descendants(list, snapshot) : [snapshot]
  const merges: string[] = []
  const removedFiles: string[] = []
  const receivers: string[] = []
  const merged: MergedLayer[] = []
  let bytesToCopy: number | null = 0
  for (const each of order) {
    for (const disk of each.disks) {
      if (disk.kind !== 'external' || disk.frozenPath === null) continue
      const layer = await mergedLayer(
        host,
        list,
        each,
        disk,
        vm.description?.disks.find((d) => d.target === disk.target)?.path ?? null,
      )
      if (layer === null) {
        merges.push(
          `${disk.target}: nothing is merged, ${posix.basename(disk.overlayPath ?? '')} is not in use.`,
        )
        continue
      }
      merges.push(
        `${disk.target}: ${posix.basename(layer.path)} is merged into ${posix.basename(disk.frozenPath)}.`,
      )
      removedFiles.push(layer.path)
      receivers.push(disk.frozenPath)
      merged.push({
        snapshot: each.name,
        target: disk.target,
        from: layer.path,
        into: disk.frozenPath,
        bytes: layer.bytes,
      })
      bytesToCopy = bytesToCopy === null || layer.bytes === null ? null : bytesToCopy + layer.bytes
    }
  }
  const version = host.connection.status.status === 'up' ? host.connection.status.libvirtVersion : ''
  const children = list.filter((each) => each.parent === name)
  const unproven = (await unprovenSnapshots(host, list, name)).get(name)
  const detached = unproven?.onlyMetadata === true || (await isDetached(host, snapshot))
  const space = await spaceNeeded(host, merged)
  const shared = await refuseShared(host, vm, { receivers, gone: removedFiles })
  const checks = [
    ...deleteChecks({ snapshot, job, version }),
    refusedIf(
      'restore points',
      unproven?.onlyMetadata ? unproven.reason : null,
      'Its layers are where libvirt expects them.',
    ),
    refusedIf(
      'chain',
      withChildren ? null : refuseTree(children, current === name),
      'libvirt can take it out of the tree.',
    ),
    refusedIf('sharing', shared, 'No other VM reads what changes.'),
    refusedIf('space', space, 'Even the worst case fits.', 'Free space first.'),
    await checkAccess(host, vm, receivers, []),
    checkLabels(vm),
    warnedIf(
      'leftovers',
      snapshot.disks.some((disk) => disk.deleteInProgress)
        ? 'A delete of one of its children was broken off before.'
        : null,
      'Nothing is left of an earlier delete.',
    ),
    IMAGE_LOCKS,
  ]
  const forecast = await readForecast(hostName, ['merge', 'delete'])
  return {
    snapshot: name,
    withChildren,
    merges,
    bytesToCopy,
    removedFiles: [...new Set(removedFiles)],
    order: order.map((each) => each.name),
    receivers: [...new Set(receivers)],
    metadataOnly: detached,
    refusal: refusalOf(checks),
    plan: {
      checks,
      forecast: forecast.sentence,
      steps: [
        ...(receivers.length > 0
          ? [
              {
                sentence: `Remember that ${[...new Set(receivers)].map((path) => posix.basename(path)).join(', ')} ${new Set(receivers).size === 1 ? 'is' : 'are'} about to change.`,
                bytes: null,
                expectedMs: null,
              },
            ]
          : []),
        ...merged.map(({ snapshot: each, target, from, into, bytes }) => ({
          sentence: `${each}, ${target}: merge ${posix.basename(from)} into ${posix.basename(into)} and remove it.`,
          bytes,
          expectedMs: bytes === null ? null : forecast.copyMs(bytes),
        })),
        {
          sentence: `Remove the metadata of ${order.map((each) => each.name).join(', ')}.`,
          bytes: null,
          expectedMs: null,
        },
      ],
      fingerprint: fingerprintOf(host, vm, snapshots, checks, { delete: name, withChildren }),
    },
  }
}

interface MergedLayer {
  snapshot: string
  target: string
  from: string
  into: string
  bytes: number | null
}

function refuseTree(children: readonly SnapshotMetadata[], isCurrent: boolean): string | null {
  const names = children.map((each) => each.name).join(', ')
  if (isCurrent && children.length > 0)
    return `It is the current snapshot and has children on another branch (${names}), which libvirt can’t take apart. Delete those first, or revert to one of them, or delete it with its children.`
  if (children.length > 1)
    return `It has ${children.length} children (${names}), and libvirt can merge its layer into one only. Delete all but one of them first, or delete it with its children.`
  return null
}

/** Why the receiving layers can't grow as far as they may have to; null when they can. */
async function spaceNeeded(host: Host, merged: readonly MergedLayer[]): Promise<string | null> {
  for (const folder of new Set(merged.map((each) => posix.dirname(each.into)))) {
    const neededBytes = (
      await Promise.all(
        merged.filter((each) => posix.dirname(each.into) === folder).map((each) => growth(host, each)),
      )
    ).reduce((sum, bytes) => sum + bytes, 0)
    const freeBytes = await host.files.freeBytes(folder)
    if (freeBytes !== null && freeBytes < neededBytes)
      return `There may not be enough space: the layers in ${folder} can grow by ${neededBytes} bytes, and its file system has ${freeBytes} free.`
  }
  return null
}

/** What moves down, but no more than the receiving layer has not allocated yet. */
async function growth(host: Host, { into, bytes }: MergedLayer): Promise<number> {
  const reading = await host.files.read(into)
  return reading.kind === 'found'
    ? Math.min(bytes ?? 0, Math.max(0, reading.virtualBytes - reading.allocatedBytes))
    : 0
}

/** What else needs a layer that changes or goes: libvirt unlinks it unasked, and refuses a commit only while that VM runs. */
async function refuseShared(
  host: Host,
  vm: KnownVm,
  { receivers, gone }: { receivers: readonly string[]; gone: readonly string[] },
): Promise<string | null> {
  const paths = [...new Set([...receivers, ...gone])]
  if (paths.length === 0) return null
  const users = await readFileUsers(host, paths, 'now')
  const own = { host: host.name, vmUuid: vm.uuid }
  for (const path of paths) {
    const use = users
      .of(path)
      .find(
        (each) =>
          (each.host !== host.name || each.vmUuid !== vm.uuid) &&
          !(receivers.includes(path) && isStandby(each, own)),
      )
    if (!use) continue
    const certainty = use.isSure ? 'is also needed' : 'is perhaps also needed'
    return `${path} ${certainty} by ${describeUse(use, host.name)}, and the delete would ${gone.includes(path) ? 'remove' : 'change'} it. ${gone.includes(path) ? 'Delete only the metadata, or give that VM a copy of its own first.' : 'Merge by pulling up instead.'}`
  }
  return users.gaps.length > 0
    ? `Something may need these layers that could not be looked at: ${users.gaps[0]}`
    : null
}

/** Deepest first; the snapshot itself last. */
function descendants(list: readonly SnapshotMetadata[], snapshot: SnapshotMetadata): SnapshotMetadata[] {
  return [
    ...list.filter((each) => each.parent === snapshot.name).flatMap((child) => descendants(list, child)),
    snapshot,
  ]
}

/** The layer above what the snapshot froze: its child's frozen layer, or the active one. null on a branch that nobody uses. */
async function mergedLayer(
  host: Host,
  list: readonly SnapshotMetadata[],
  snapshot: SnapshotMetadata,
  disk: SnapshotDiskMetadata,
  activePath: string | null,
): Promise<{ path: string; bytes: number | null } | null> {
  const child = list.find((each) => each.parent === snapshot.name)
  const candidates = [
    child?.disks.find((each) => each.target === disk.target)?.frozenPath ?? null,
    activePath,
    disk.overlayPath,
  ]
  for (const path of candidates) {
    if (path === null) continue
    const reading = await host.files.read(path)
    if (reading.kind === 'found' && reading.backing?.path === disk.frozenPath)
      return { path, bytes: reading.allocatedBytes }
  }
  return null
}

/** True when the layer that the snapshot froze is not there any more: only its metadata is left. */
async function isDetached(host: Host, snapshot: SnapshotMetadata): Promise<boolean> {
  const external = snapshot.disks.filter((disk) => disk.kind === 'external' && disk.frozenPath !== null)
  const readings = await Promise.all(external.map((disk) => host.files.read(disk.frozenPath!)))
  return external.length > 0 && readings.some((reading) => reading.kind === 'missing')
}
