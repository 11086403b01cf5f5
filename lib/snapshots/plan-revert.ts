import { posix } from 'node:path'
import { START_LAYERS_MAXIMUM } from '../hosts/start-depth.ts'
import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { Refusal } from '../jobs/refusal.ts'
import { IMAGE_LOCKS, refusalOf, refusedIf, warnedIf } from '../plans/checks.ts'
import { accessCheck, checkLabels } from '../plans/file-access.ts'
import { fingerprintOf } from '../plans/fingerprint.ts'
import { forecastOf } from '../plans/forecast.ts'
import type { PlanCheck, PlanStep } from '../plans/types.ts'
import { OVERLAY_MIN_FREE_BYTES } from './limits.ts'
import {
  configurationChanges,
  drivesToEmpty,
  refuseBlock,
  refuseComma,
  refuseDiscarded,
  refuseInternal,
  refuseLeftOut,
  refuseMissing,
  refuseSafety,
  refuseTaken,
  refuseVolumes,
} from './revert-rules.ts'
import { judgeSnapshots, type Unproven } from '../situation/judge-snapshots.ts'
import type { Situation } from '../situation/situation.ts'
import { treeOf } from './tree-of.ts'
import { revertChecks } from './snapshot-rules.ts'
import { chainFrom } from './tree-model.ts'
import type { RevertPlan } from './types.ts'

const when = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' })
const STATES_THEN: Record<string, RevertPlan['stateThen']> = { paused: 'paused', shutoff: 'off' }

/** What the act does, beyond what is shown. */
export interface PlannedRevert extends RevertPlan {
  /** Drives that are emptied first, with what was in them. */
  emptied: { target: string; path: string }[]
  /** Snapshots that stay. */
  keeps: string[]
}

/** What reverting costs, in plain words, and why it can't be done. Pure. Throws Refusal when there is no such snapshot. */
export function planRevert(situation: Situation, name: string): PlannedRevert {
  const { host, vm, snapshots, current, jobs } = situation
  const snapshot = snapshots.find((each) => each.name === name)
  if (!snapshot)
    throw new Refusal(
      `${vm.name} has no snapshot called “${name}” any more: it was deleted or merged meanwhile.`,
    )
  const currentSnapshot = snapshots.find((each) => each.name === current) ?? null
  const laterSnapshots = snapshots
    .filter((each) => each.createdAtMs > snapshot.createdAtMs || descendsFrom(snapshots, each, name))
    .map((each) => each.name)
  const external = snapshot.disks.filter((disk) => disk.kind === 'external' && disk.frozenPath !== null)
  const folders = [...new Set(external.map((disk) => posix.dirname(disk.frozenPath!)))]
  const unproven = judgeSnapshots(situation)[name]
  const emptied = drivesToEmpty(snapshot)
  const checks = [
    ...revertChecks({
      snapshot,
      job: jobs[0] ?? null,
      version: host.libvirtVersion,
      unproven: unproven && !unproven.canInsist ? unproven.reason : null,
    }).map((check) => insistable(check, unproven)),
    refusedIf(
      'restore points',
      refuseInternal(situation, snapshot) ??
        refuseLeftOut(situation, snapshot) ??
        refuseDiscarded(situation, snapshot) ??
        refuseTaken(situation, snapshot) ??
        refuseVolumes(snapshot) ??
        refuseBlock(snapshot) ??
        refuseComma(snapshot),
      'No other restore point and no other VM loses anything.',
    ),
    refusedIf(
      'state',
      refuseManagedSave(situation),
      vm.running ? 'The VM runs; it is stopped for the revert.' : 'The VM is off, without a saved state.',
    ),
    refusedIf(
      'chain',
      refuseDeep(situation, snapshot),
      'The chains are short enough to be started.',
      'Merge layers below that snapshot first.',
    ),
    refusedIf(
      'leftovers',
      refuseMissing(situation, snapshot),
      'Every file that the start needs is there.',
      'Put it back first. Nothing was touched.',
    ),
    refusedIf(
      'space',
      refuseSpace(situation, folders, external.length),
      'There is room for the new overlays.',
      'Free space first: a revert that fails for want of it has stopped the guest by then.',
    ),
    accessCheck(vm, situation, [], folders),
    checkLabels(vm),
    warnedIf('sharing', leftOut(snapshot), 'Every disk is part of the snapshot.'),
    IMAGE_LOCKS,
  ]
  const forecast = forecastOf(host.name, situation.paces.reverts)
  return {
    snapshot: name,
    sinceMs: currentSnapshot?.createdAtMs ?? snapshot.createdAtMs,
    bytesWritten: activeBytes(situation),
    laterSnapshots,
    losses: losses(situation, snapshot, currentSnapshot, laterSnapshots),
    emptied,
    keeps: snapshots.map((each) => each.name),
    refusal: refusalOf(checks),
    safetyRefusal: refuseSafety(snapshot),
    unproven: unproven?.canInsist ? unproven.reason : null,
    plan: {
      checks,
      forecast: forecast.sentence,
      steps: planSteps(situation, snapshot, emptied, forecast.jobMs),
      fingerprint: fingerprintOf(jobs, vm, { list: snapshots, current }, checks, {
        revert: name,
        emptied,
        laterSnapshots,
        changes: configurationChanges(situation, snapshot),
      }),
    },
    stateThen: STATES_THEN[snapshot.state] ?? 'running',
    vmRunning: vm.running,
  }
}

/** A person may insist where the files are there but may hold other data. */
const insistable = (check: PlanCheck, unproven: Unproven | undefined): PlanCheck =>
  check.name === 'restore points' && unproven?.canInsist
    ? {
        ...check,
        verdict: 'warn',
        sentence: unproven.reason,
        remedy: 'Revert only if you know better: compare the data first.',
      }
    : check

function planSteps(
  { vm }: Situation,
  snapshot: SnapshotMetadata,
  emptied: PlannedRevert['emptied'],
  expectedMs: number | null,
): PlanStep[] {
  const step = (sentence: string): PlanStep => ({ sentence, bytes: null, expectedMs: null })
  const targets = (kind: 'external' | 'internal') =>
    snapshot.disks.filter((disk) => disk.kind === kind).map((disk) => disk.target)
  const inside = targets('internal')
  const act =
    inside.length > 0
      ? `${vm.running ? 'Stop the guest, and go' : 'Go'} back to ${snapshot.name} inside the image of ${inside.join(', ')}.`
      : `${vm.running ? 'Stop the guest, and put' : 'Put'} a new overlay on what ${snapshot.name} froze: ${targets('external').join(', ')}.`
  return [
    ...emptied.map(({ target, path }) =>
      step(
        `Empty the drive ${target} in the configuration of ${snapshot.name}: ${posix.basename(path)} was in it.`,
      ),
    ),
    { sentence: act, bytes: null, expectedMs },
    step(
      inside.length > 0
        ? 'See that each image holds what the snapshot froze, then let the guest run where it is to run.'
        : 'Start it, where it is to run afterwards, and see that every disk writes above the snapshot.',
    ),
  ]
}

/** libvirt's creation time is in whole seconds: the tree tells more. */
function descendsFrom(
  list: readonly SnapshotMetadata[],
  snapshot: SnapshotMetadata,
  ancestor: string,
): boolean {
  const seen = new Set<string>()
  for (let at = snapshot.parent; at !== null && !seen.has(at);) {
    if (at === ancestor) return true
    seen.add(at)
    at = list.find((each) => each.name === at)?.parent ?? null
  }
  return false
}

const names = (list: readonly string[]): string => list.join(', ')

function leftOut(snapshot: SnapshotMetadata): string | null {
  const left = snapshot.disks.filter((disk) => disk.kind === 'no').map((disk) => disk.target)
  return left.length > 0
    ? `Not part of the snapshot: ${names(left)}. The disks will not be of one moment.`
    : null
}

function losses(
  situation: Situation,
  snapshot: SnapshotMetadata,
  current: SnapshotMetadata | null,
  later: readonly string[],
): string[] {
  const { vm } = situation
  const since = current
    ? `its current snapshot, ${current.name} (${when.format(current.createdAtMs)} UTC)`
    : `${when.format(snapshot.createdAtMs)} UTC`
  const kept = snapshot.disks
    .filter((disk) => disk.kind === 'no')
    .map((disk) => disk.target)
    .filter((target) => vm.description.disks.some((disk) => disk.target === target && disk.device === 'disk'))
  const emptied = drivesToEmpty(snapshot)
  const changes = configurationChanges(situation, snapshot)
  const memory =
    snapshot.memory === 'no'
      ? 'its memory is lost'
      : `it goes on with the memory that it had at ${snapshot.name}`
  return [
    `Everything that ${vm.name} wrote since ${since} is discarded.`,
    ...(later.length > 0
      ? [
          `${later.length === 1 ? `The later snapshot ${later[0]} stays` : `The later snapshots ${names(later)} stay`}: you can revert to ${later.length === 1 ? 'it' : 'them'} again.`,
        ]
      : []),
    ...(vm.running
      ? [`The running guest is stopped at once, as if its plug were pulled, and ${memory}.`]
      : []),
    ...(kept.length > 0
      ? [
          `${names(kept)} ${kept.length === 1 ? 'was' : 'were'} not part of the snapshot and ${kept.length === 1 ? 'stays' : 'stay'} as now: the disks will not be of one moment.`,
        ]
      : []),
    ...(changes.length > 0 ? [`The VM’s configuration goes back, too: ${changes.join('; ')}.`] : []),
    ...emptied.map(
      ({ target, path }) =>
        `The drive ${target} is empty afterwards: ${posix.basename(path)} was in it at ${snapshot.name}.`,
    ),
  ]
}

/** Bytes in the layers that are written to now: what the revert discards. null when a layer can't be read. */
function activeBytes({ vm, files }: Situation): number | null {
  let total = 0
  for (const disk of vm.description.disks) {
    if (disk.device !== 'disk' || disk.path === null) continue
    const reading = files[disk.path]
    if (reading?.kind !== 'found') return null
    if (reading.backing) total += reading.allocatedBytes
  }
  return total
}

/** A revert keeps the save, and the next start fails on it (lib/hosts/LIBVIRT.md, “Snapshots”). */
const refuseManagedSave = ({ vm }: Situation): string | null =>
  !vm.running && vm.hasManagedSave
    ? `${vm.name} has a saved state (managed save) that belongs to its disks as they are now. Start it, or discard the saved state: virsh managedsave-remove.`
    : null

function refuseDeep(situation: Situation, snapshot: SnapshotMetadata): string | null {
  const model = treeOf(situation)
  const deep = snapshot.disks
    .filter((disk) => disk.kind === 'external')
    .map(({ target, frozenPath }) => ({ target, layers: chainFrom(model, frozenPath).length }))
    .find((each) => each.layers >= START_LAYERS_MAXIMUM)
  return deep
    ? `${deep.target} would have ${deep.layers + 1} layers, and libvirt starts no VM with more than ${START_LAYERS_MAXIMUM}: the revert would stop the guest and fail.`
    : null
}

/** A revert that fails for want of space has stopped the guest by then (lib/hosts/LIBVIRT.md, “Snapshots”): look before. */
function refuseSpace({ folders }: Situation, used: readonly string[], disks: number): string | null {
  for (const folder of used) {
    const freeBytes = folders[folder]?.freeBytes ?? null
    if (freeBytes !== null && freeBytes < OVERLAY_MIN_FREE_BYTES * disks)
      return `The file system of ${folder} is full (${freeBytes} bytes free), so no new overlay fits there.`
  }
  return null
}
