import { posix } from 'node:path'
import { chainFrom } from './tree-model.ts'
import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { describeUse } from '../storage/describe-use.ts'
import { isStandby } from '../storage/sharers.ts'
import { overlayOn, type Situation } from '../situation/situation.ts'
import { treeOf } from './tree-of.ts'

/**
 * What libvirt does in a revert without asking, and where that harms (each tried by hand, lib/hosts/LIBVIRT.md, “Snapshots”). Each
 * rule gives a sentence, or null. Pure.
 */

const internalDisks = (snapshot: SnapshotMetadata) =>
  snapshot.disks.filter((disk) => disk.kind === 'internal')
const externalDisks = (snapshot: SnapshotMetadata) =>
  snapshot.disks.filter((disk) => disk.kind === 'external')
const pathNow = ({ vm }: Situation, target: string): string | null =>
  vm.description.disks.find((disk) => disk.target === target)?.path ?? null

/** Restore points other than this one, with the files that each reads. */
const otherPoints = (situation: Situation, snapshot: SnapshotMetadata) => {
  const model = treeOf(situation)
  return situation.snapshots
    .filter((each) => each.name !== snapshot.name)
    .flatMap((each) =>
      externalDisks(each).map(({ frozenPath }) => ({ name: each.name, paths: chainFrom(model, frozenPath) })),
    )
}

/** A file that the start needs and that is not there: libvirt stops the guest first, and then can't start it. */
export function refuseMissing({ files }: Situation, snapshot: SnapshotMetadata): string | null {
  const needed = [
    ...(snapshot.definition?.disks ?? [])
      .filter((disk) => disk.device === 'disk' && !disk.isOptional)
      .map((disk) => ({ what: disk.target, path: disk.path })),
    ...(snapshot.definition?.startFiles ?? []),
    ...(snapshot.memory === 'external' ? [{ what: 'memory', path: snapshot.memoryPath }] : []),
  ]
  const missing = needed.find(({ path }) => path !== null && files[path]?.kind === 'missing')
  return missing
    ? `The configuration of ${snapshot.name} needs ${missing.path} (${missing.what}), which is not there: the VM could not be started.`
    : null
}

/** Disks that were not part of it: libvirt puts each on the file that the definition of then names. */
export function refuseLeftOut(situation: Situation, snapshot: SnapshotMetadata): string | null {
  for (const { target } of snapshot.disks.filter((disk) => disk.kind === 'no')) {
    const then = snapshot.definition?.disks.find((disk) => disk.target === target)
    const now = pathNow(situation, target)
    if (!then || then.path === null || then.device !== 'disk' || then.path === now || now === null) continue
    const point = otherPoints(situation, snapshot).find(({ paths }) => paths.includes(then.path!))
    const harm = point
      ? `That file belongs to the snapshot ${point.name}, which would be spoilt.`
      : `What ${posix.basename(now)} holds would be lost.`
    return `${target} was not part of ${snapshot.name}, yet libvirt would put it back on ${posix.basename(then.path)}. ${harm}`
  }
  return null
}

/** What writes to an image rewrites everything that stands on it. */
export function refuseInternal(situation: Situation, snapshot: SnapshotMetadata): string | null {
  const disks = internalDisks(snapshot)
  for (const { target, frozenPath } of disks) {
    if (frozenPath === null) continue
    const reading = situation.files[frozenPath]
    if (
      reading?.kind === 'found' &&
      !reading.internalSnapshots.some(
        (each) => each.name === snapshot.name || each.name.startsWith('number '),
      )
    )
      return `${posix.basename(frozenPath)} no longer holds ${snapshot.name}: libvirt would report success and change nothing on ${target}.`
    const point = otherPoints(situation, snapshot).find(({ paths }) => paths.includes(frozenPath))
    if (point)
      return `The snapshot ${point.name} stands on ${posix.basename(frozenPath)}, which this revert rewrites: ${point.name} would be spoilt. Delete or merge it first.`
    if (chainFrom(treeOf(situation), pathNow(situation, target)).indexOf(frozenPath) > 0)
      return `${target} writes to a layer above ${posix.basename(frozenPath)}, which this revert rewrites: what that layer holds would be lost. Merge it down first.`
  }
  return disks.length > 0 && externalDisks(snapshot).length > 0
    ? `${snapshot.name} is internal on some disks and external on others, which libvirt can’t revert to.`
    : null
}

/** A safety snapshot would lie on the very image that the revert rewrites. */
export const refuseSafety = (snapshot: SnapshotMetadata): string | null =>
  internalDisks(snapshot).length > 0
    ? `${snapshot.name} lies inside the VM’s image, and the revert rewrites that image: a safety snapshot on it would be spoilt, too. Make a backup first if you need what is there now.`
    : null

/** What the revert away from the current snapshot unlinks, and who else needs it. */
export function refuseDiscarded(situation: Situation, snapshot: SnapshotMetadata): string | null {
  const { host, vm, snapshots, current, uses, files } = situation
  if (externalDisks(snapshot).length === 0) return null
  if (snapshots.length > 0 && current === null)
    return `libvirt knows no current snapshot of ${vm.name}, because its entry was deleted: a revert would end libvirtd. Make one the current one first.`
  const model = treeOf(situation)
  const discarded = snapshots.find((each) => each.name === current)?.discards ?? {}
  for (const [target, path] of Object.entries(discarded)) {
    if (path === pathNow(situation, target) || files[path]?.kind !== 'found') continue
    const point = snapshots.find((each) =>
      externalDisks(each).some(({ frozenPath }) => chainFrom(model, frozenPath).includes(path)),
    )
    if (point || chainFrom(model, pathNow(situation, target)).includes(path))
      return `libvirt would remove ${posix.basename(path)}, which ${point ? `the snapshot ${point.name}` : 'the VM itself'} needs.`
  }
  const active = externalDisks(snapshot).flatMap(({ target }) => pathNow(situation, target) ?? [])
  for (const path of new Set([...active, ...Object.values(discarded)])) {
    const use = (uses[path] ?? []).find((each) => each.host !== host.name || each.vmUuid !== vm.uuid)
    if (use)
      return `The revert removes ${path}, which is ${use.isSure ? 'also needed' : 'perhaps also needed'} by ${describeUse(use, host.name)}. Give that VM a copy of its own first.`
    const overlay = overlayOn(situation, path)
    if (overlay !== null)
      return `The revert removes ${path}, which ${overlay} stands on, and no VM has that. Remove it first if nobody needs it (Check & repair).`
  }
  return null
}

/** Files that the VM writes to again after it, and that another VM has by now. */
export function refuseTaken(
  { host, vm, uses }: Situation,
  { disks, definition }: SnapshotMetadata,
): string | null {
  const own = { host: host.name, vmUuid: vm.uuid }
  for (const { target, path, device, readonly, shareable } of definition?.disks ?? []) {
    // A frozen file gets an overlay: it is read, and no more.
    const isFrozen = disks.some((each) => each.target === target && each.kind === 'external')
    if (path === null || device !== 'disk' || readonly || shareable || isFrozen) continue
    const use = (uses[path] ?? []).find(
      (each) =>
        (each.kind === 'disk' || each.kind === 'next start') &&
        (each.host !== own.host || each.vmUuid !== own.vmUuid) &&
        !isStandby(each, own),
    )
    if (use)
      return `${vm.name} would get ${path} back as ${target}, which ${use.isSure ? 'is' : 'may be'} used by ${describeUse(use, host.name)} now: two VMs would write to one file.`
  }
  return null
}

/** libvirt has qemu-img make the overlay, and doubles the commas of its name for that in vain (measured). */
export function refuseComma(snapshot: SnapshotMetadata): string | null {
  const disk = externalDisks(snapshot).find(({ frozenPath }) => frozenPath?.includes(',') === true)
  return disk
    ? `There is a comma in ${disk.frozenPath}: libvirt would make the new overlay of ${disk.target} under another name than it then starts the VM from, which would leave it off.`
    : null
}

/** libvirt can't revert a disk that is named by pool and volume. */
export function refuseVolumes(snapshot: SnapshotMetadata): string | null {
  const volume = snapshot.definition?.disks.find(
    (disk) =>
      disk.volume !== null &&
      snapshot.disks.some((each) => each.target === disk.target && each.kind === 'external'),
  )
  return volume
    ? `${volume.target} was the volume ${volume.volume?.name} of the pool ${volume.volume?.pool} then, and libvirt can’t revert a disk that is named by pool and volume.`
    : null
}

/** Nor one that wrote to a block device itself then (measured: refused before the guest is touched). */
export function refuseBlock(snapshot: SnapshotMetadata): string | null {
  const disk = externalDisks(snapshot).find(
    ({ target }) => snapshot.definition?.disks.find((each) => each.target === target)?.sourceType === 'block',
  )
  return disk
    ? `${disk.target} wrote to the block device ${disk.frozenPath} then, and libvirt reverts only to what is frozen in a file.`
    : null
}

/** Drives that had a medium in them: libvirt would lay an overlay on it, so they are emptied. */
export const drivesToEmpty = (snapshot: SnapshotMetadata): { target: string; path: string }[] =>
  (snapshot.definition?.disks ?? []).flatMap(({ target, device, path }) =>
    (device === 'cdrom' || device === 'floppy') && path !== null ? [{ target, path }] : [],
  )

/** What of the configuration goes back, half a sentence each. */
export function configurationChanges({ vm }: Situation, { definition }: SnapshotMetadata): string[] {
  if (definition === null) return []
  const now = vm.next
  const settings = Object.entries(definition.settings).flatMap(([name, then]) =>
    now.settings[name] === then ? [] : [`${name} ${now.settings[name] ?? 'none'} → ${then}`],
  )
  const targets = (disks: { target: string; device: string }[]) =>
    disks.filter(({ device }) => device === 'disk' || device === 'lun').map(({ target }) => target)
  const [had, has] = [targets(definition.disks), targets(now.disks)]
  return [
    ...settings,
    ...has
      .filter((target) => !had.includes(target))
      .map((target) => `the disk ${target} is taken out (its file stays)`),
    ...had.filter((target) => !has.includes(target)).map((target) => `the disk ${target} comes back`),
  ]
}
