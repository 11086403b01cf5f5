import { posix } from 'node:path'
import { nameInternal } from '../merges/file-fate.ts'
import { IMAGE_LOCKS, refusalOf, refusedIf, warnedIf } from '../plans/checks.ts'
import { accessCheck, checkLabels } from '../plans/file-access.ts'
import { fingerprintOf } from '../plans/fingerprint.ts'
import { forecastOf, type Forecast } from '../plans/forecast.ts'
import type { PlanStep } from '../plans/types.ts'
import { Refusal } from '../jobs/refusal.ts'
import { describeUse } from '../storage/describe-use.ts'
import { isSharer, isStandby } from '../storage/sharers.ts'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import { chainIn } from '../hosts/follow-headers.ts'
import type { PinnedLayer } from '../hosts/pin-backing.ts'
import { judgeSnapshots, soundLayers } from '../situation/judge-snapshots.ts'
import { copyBytesOf, overlayOn, type Situation } from '../situation/situation.ts'
import { treeOf } from './tree-of.ts'
import { deleteChecks } from './snapshot-rules.ts'
import {
  lineOf,
  simulateDeletes,
  withDescendants,
  type DeleteStep,
  type LayerMerge,
  type TreeModel,
} from './tree-model.ts'
import type { DeletePlan } from './types.ts'

/** What the act does, beyond what is shown. */
export interface PlannedDelete extends DeletePlan {
  /** Deleted snapshots in the order in which libvirt accepts them: children before their parents. */
  order: string[]
  /** When each of them was taken. */
  createdAtMs: Record<string, number>
  /** Snapshots that stay. */
  keeps: string[]
  /** Layers whose content changes: until it is done they hold neither the old state nor the new one. */
  receivers: string[]
  /** Sound layers whose header the delete rewrites: they stay sound. */
  rebased: string[]
  /** Snapshots whose stored definitions must say what lies below their disks before libvirt may be asked, with what that is. */
  pins: { snapshot: string; below: Record<string, PinnedLayer[]> }[]
}

export interface DeleteQuestion {
  snapshot: string
  withChildren: boolean
}

/** What deleting a snapshot does, and why it can't be done. Pure. Throws Refusal when there is no such snapshot. */
export function planDelete(
  situation: Situation,
  { snapshot: name, withChildren }: DeleteQuestion,
): PlannedDelete {
  const { host, vm, snapshots, current, jobs } = situation
  const snapshot = snapshots.find((each) => each.name === name)
  if (!snapshot)
    throw new Refusal(
      `${vm.name} has no snapshot called “${name}” any more: it was deleted or merged meanwhile.`,
    )
  const model = treeOf(situation)
  const order = withChildren ? withDescendants(model, name) : [name]
  const { steps, refusal, remedy } = simulateDeletes(model, order)
  const merges = steps.flatMap((step) => step.merges.map((merge) => ({ ...merge, snapshot: step.snapshot })))
  const receivers = [...new Set(merges.map(({ into }) => into))]
  const goes = [...new Set([...merges.map(({ from }) => from), ...steps.flatMap(({ removed }) => removed)])]
  const bytesOf = (path: string): number | null => {
    const reading = situation.files[path]
    return reading?.kind === 'found' ? copyBytesOf(situation, path) : null
  }
  const pins = pinsFor(situation, model, steps)
  const unproven = judgeSnapshots(situation)[name]
  const sound = soundLayers(situation)
  const checks = [
    ...deleteChecks({ snapshot, job: jobs[0] ?? null, version: host.libvirtVersion }),
    refusedIf(
      'state',
      vm.hasManagedSave
        ? `${vm.name} has a saved state (managed save) that belongs to the layers as they are now: after the delete it could not be started from it.`
        : null,
      vm.running ? `${vm.name} runs.` : `${vm.name} is off, without a saved state.`,
      'Start it, or discard the saved state: virsh managedsave-remove.',
    ),
    refusedIf(
      'restore points',
      unproven?.onlyMetadata ? unproven.reason : refuseInternal(situation, goes),
      'Its layers are where libvirt expects them.',
    ),
    refusedIf('chain', refusal, 'libvirt can take it out of the tree.', remedy),
    refusedIf(
      'chain',
      refuseUnpinned(situation, pins),
      'What libvirt has to look at is there.',
      'Put it back, or delete that snapshot first (only its metadata, if it is of no use any more).',
    ),
    refusedIf(
      'sharing',
      refuseShared(situation, merges, receivers, goes),
      'Nothing else needs what changes.',
    ),
    warnedIf('sharing', situation.unheard[0] ?? null, 'Every host was asked.'),
    warnedIf('sharing', situation.doubts[0] ?? null, 'No VM has lost a file.'),
    refusedIf('space', refuseSpace(situation, merges), 'Even the worst case fits.', 'Free space first.'),
    accessCheck(vm, situation, receivers, []),
    checkLabels(vm, {
      libvirtVersion: host.libvirtVersion,
      running: vm.running,
      into: receivers[0] ?? null,
    }),
    warnedIf(
      'leftovers',
      snapshot.disks.some((disk) => disk.deleteInProgress)
        ? 'A delete of one of its children was broken off before.'
        : null,
      'Nothing is left of an earlier delete.',
    ),
    IMAGE_LOCKS,
  ]
  const forecast = forecastOf(host.name, situation.paces.merges)
  const sizes = merges.map(({ from }) => bytesOf(from))
  const detached = snapshot.disks.some(
    ({ kind, frozenPath }) =>
      kind === 'external' && frozenPath !== null && situation.files[frozenPath]?.kind === 'missing',
  )
  return {
    snapshot: name,
    withChildren,
    merges: describeSteps(steps),
    bytesToCopy: sizes.some((bytes) => bytes === null)
      ? null
      : sizes.reduce<number>((sum, bytes) => sum + bytes!, 0),
    removedFiles: goes,
    order,
    createdAtMs: Object.fromEntries(
      snapshots.flatMap((each) => (order.includes(each.name) ? [[each.name, each.createdAtMs]] : [])),
    ),
    keeps: snapshots.flatMap((each) => (order.includes(each.name) ? [] : [each.name])),
    receivers,
    rebased: [...new Set(steps.flatMap(({ rebased }) => rebased))].filter(
      (path) => sound.includes(path) && !goes.includes(path),
    ),
    pins,
    metadataOnly: unproven?.onlyMetadata === true || detached,
    refusal: refusalOf(checks),
    plan: {
      checks,
      forecast: forecast.sentence,
      steps: planSteps(steps, receivers, bytesOf, forecast),
      fingerprint: fingerprintOf(jobs, vm, { list: snapshots, current }, checks, {
        delete: name,
        withChildren,
        order,
        receivers,
        removed: goes,
      }),
    },
  }
}

/** A sentence for each disk of each snapshot that is deleted. */
function describeSteps(steps: readonly DeleteStep[]): string[] {
  return steps.flatMap(({ merges, removed }) => [
    ...merges.map(
      ({ target, from, into }) =>
        `${target}: ${posix.basename(from)} is merged into ${posix.basename(into)}.`,
    ),
    ...removed.map((path) => `${posix.basename(path)} is removed: nothing else stands on it.`),
  ])
}

function planSteps(
  steps: readonly DeleteStep[],
  receivers: readonly string[],
  bytesOf: (path: string) => number | null,
  forecast: Forecast,
): PlanStep[] {
  const step = (sentence: string): PlanStep => ({ sentence, bytes: null, expectedMs: null })
  const names = receivers.map((path) => posix.basename(path)).join(', ')
  return [
    ...(receivers.length > 0
      ? [step(`Remember that ${names} ${receivers.length === 1 ? 'is' : 'are'} about to change.`)]
      : []),
    ...steps.flatMap(({ snapshot, merges, removed }) => [
      ...merges.map(({ target, from, into }) => {
        const bytes = bytesOf(from)
        return {
          sentence: `${snapshot}, ${target}: merge ${posix.basename(from)} into ${posix.basename(into)} and remove it.`,
          bytes,
          expectedMs: bytes === null ? null : forecast.copyMs(bytes),
        }
      }),
      ...removed.map((path) => step(`${snapshot}: remove ${posix.basename(path)}.`)),
    ]),
    step(`Remove the metadata of ${steps.map(({ snapshot }) => snapshot).join(', ')}.`),
  ]
}

/** Snapshots inside a file go with it, and libvirt asks nobody. */
function refuseInternal({ files }: Situation, goes: readonly string[]): string | null {
  for (const path of goes) {
    const reading = files[path]
    const names = reading?.kind === 'found' ? reading.internalSnapshots.map((each) => each.name) : []
    if (names.length > 0)
      return `${path} holds ${nameInternal(names)}, which would be lost with it. Revert to ${names[0]} and delete it first, or delete only the metadata.`
  }
  return null
}

/** What else needs a layer that changes or goes: libvirt unlinks it unasked, and refuses a commit only while that VM runs. */
function refuseShared(
  situation: Situation,
  merges: readonly LayerMerge[],
  receivers: readonly string[],
  goes: readonly string[],
): string | null {
  const { host, vm, snapshots, uses, gaps } = situation
  const targetOf = (path: string): string =>
    merges.find(({ from, into }) => from === path || into === path)?.target ??
    snapshots.flatMap(({ disks }) => disks).find(({ frozenPath }) => frozenPath === path)?.target ??
    ''
  for (const path of new Set([...receivers, ...goes])) {
    const own = { host: host.name, vmUuid: vm.uuid, target: targetOf(path) }
    const use = (uses[path] ?? []).find(
      (each) => isSharer(each, own) && !(receivers.includes(path) && isStandby(each, own)),
    )
    if (!use) continue
    const verb = goes.includes(path) ? 'remove' : 'change'
    const way = goes.includes(path)
      ? 'Delete only the metadata, or give that VM a copy of its own first.'
      : 'Merge by pulling up instead.'
    return `${path} is ${use.isSure ? 'also needed' : 'perhaps also needed'} by ${describeUse(use, host.name)}, and the delete would ${verb} it. ${way}`
  }
  for (const path of new Set([...receivers, ...goes])) {
    const overlay = overlayOn(situation, path)
    if (overlay !== null)
      return `${overlay} stands on ${path}, and no VM has it. The delete would ${goes.includes(path) ? 'remove' : 'change'} what it reads. Remove it if nobody needs it (Check & repair), or delete only the metadata.`
  }
  return gaps.length > 0 && receivers.length + goes.length > 0
    ? `Something may need these layers that could not be looked at: ${gaps[0]}`
    : null
}

/** Why the receiving layers can't grow as far as they may have to; null when they can. */
function refuseSpace(situation: Situation, merges: readonly { from: string; into: string }[]): string | null {
  const { files, folders } = situation
  const growth = ({ from, into }: { from: string; into: string }): number => {
    const [upper, lower] = [files[from], files[into]]
    if (upper?.kind !== 'found' || lower?.kind !== 'found') return 0
    const whole = Math.max(upper.virtualBytes, lower.virtualBytes)
    return Math.min(copyBytesOf(situation, from), Math.max(0, whole - lower.allocatedBytes))
  }
  for (const folder of new Set(merges.map(({ into }) => posix.dirname(into)))) {
    const needed = merges
      .filter(({ into }) => posix.dirname(into) === folder)
      .reduce((sum, merge) => sum + growth(merge), 0)
    const free = folders[folder]?.freeBytes ?? null
    if (free !== null && free < needed)
      return `There may not be enough space: the layers in ${folder} can grow by ${needed} bytes, and its file system has ${free} free.`
  }
  return null
}

/**
 * libvirt dies when it deletes a snapshot on the chain while one below it, off the chain, has a disk that does not say what lies
 * below it and that libvirt can't look at: those are made to say so first.
 */
function pinsFor(
  situation: Situation,
  model: TreeModel,
  steps: readonly DeleteStep[],
): PlannedDelete['pins'] {
  const onChain = lineOf(model, model.current)
  const gone = steps.map(({ snapshot }) => snapshot)
  const below = new Set(
    steps
      .filter(({ snapshot }) => onChain.includes(snapshot))
      .flatMap(({ snapshot }) => withDescendants(model, snapshot)),
  )
  return situation.snapshots
    .filter(
      ({ name, definition }) =>
        below.has(name) &&
        !onChain.includes(name) &&
        !gone.includes(name) &&
        definition?.disks.some((disk) => !disk.pinsBacking),
    )
    .map(({ name, definition }) => ({
      snapshot: name,
      below: Object.fromEntries(
        (definition?.disks ?? []).flatMap((disk) => {
          const layers = layersBelow(situation, disk)
          return layers === null ? [] : [[disk.path!, layers]]
        }),
      ),
    }))
}

/** libvirt would look at those images itself, and die where it can’t. */
function refuseUnpinned(situation: Situation, pins: PlannedDelete['pins']): string | null {
  for (const { snapshot, below } of pins) {
    const { definition } = situation.snapshots.find(({ name }) => name === snapshot)!
    const disk = definition?.disks.find(
      ({ path, volume, pinsBacking }) =>
        !pinsBacking && (volume !== null || path !== null) && (volume !== null || below[path!] === undefined),
    )
    if (!disk) continue
    return disk.volume !== null
      ? `The snapshot ${snapshot} has ${disk.target} as the volume ${disk.volume.name} of the pool ${disk.volume.pool}, and does not say what lies below it.`
      : `The snapshot ${snapshot} does not say what lies below ${disk.path} (${disk.target}), and not all of it can be read.`
  }
  return null
}

/** By each header's own record: a raw image may hold anything, also what looks like another format. null where one can't be read. */
function layersBelow({ files }: Situation, { path, format }: XmlDisk): PinnedLayer[] | null {
  if (path === null) return null
  const { layers, end } = chainIn(files, path, format)
  return end !== 'base'
    ? null
    : layers.slice(1).map(({ reading, format: recorded }) => ({
        path: reading.path,
        format: recorded ?? (reading.kind === 'found' ? reading.detectedFormat : 'raw'),
      }))
}
