import 'server-only'
import { posix } from 'node:path'
import { readDiskChain, readLayerPaths } from '../chains/read-vm-chains.ts'
import type { ChainLayer, DiskChain } from '../chains/types.ts'
import { requireVm } from '../hosts/find-vm.ts'
import { readCopyBytes } from '../hosts/copy-bytes.ts'
import type { Host } from '../hosts/host.ts'
import { filesOf, type KnownVm } from '../hosts/inventory.ts'
import { readSnapshots, type Snapshots } from '../hosts/snapshot-metadata.ts'
import { stateWords } from '../hosts/state-words.ts'
import { checkAccess, checkLabels } from '../plans/file-access.ts'
import { IMAGE_LOCKS, refusalOf, refusedIf, warnedIf } from '../plans/checks.ts'
import { fingerprintOf } from '../plans/fingerprint.ts'
import { readForecast, type Forecast } from '../plans/forecast.ts'
import type { PlanStep } from '../plans/types.ts'
import { describeUse } from '../storage/describe-use.ts'
import { readFileUsers, type FoundUse } from '../storage/file-users.ts'
import { isStandby, sharersOf } from '../storage/sharers.ts'
import { readOwnLayers } from '../storage/own-layers.ts'
import { changedTemplate, isOnlyTemplate, refuseInternal, whyStays } from './file-fate.ts'
import { commitEffects, pullEffects, type Layer, type MergeEffects, type Stays } from './merge-effects.ts'
import { readRestorePoints, type RestorePoint } from './restore-points.ts'
import { readSoundLayers, type SoundLayer } from './sound-layers.ts'
import { readTaintedLayers, type TaintedLayer } from './tainted-layers.ts'
import { judgeSnapshots } from './unproven.ts'
import type { MergeOption, MergeRange } from './types.ts'

export interface MergeQuestion {
  /** One disk; absent: every disk that has more than one layer. */
  target?: string
  /** Default: the active layer. */
  topPath?: string
  /** A pull also removes the templates that it no longer needs. */
  removeTemplates?: boolean
  /** Default: the base of the chain for a commit, nothing below for a pull. null = nothing stays below (pull only). */
  basePath?: string | null
}

/** An option with what the saga needs beyond what is shown. */
export interface PlannedMerge extends MergeOption {
  movedSnapshots: string[]
  /** Sound layers whose header the merge rewrites: they stay sound. */
  rebased: string[]
  /** The disk's layers before it, base first. */
  chainBefore: { path: string; format: string }[]
}

/** Every way to merge the range asked for, legal or refused with the reason. Throws HostDown and VmGone. */
export async function planMerge(
  hostName: string,
  vmUuid: string,
  question: MergeQuestion,
): Promise<PlannedMerge[]> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  // Of the others what was read within the last second will do: fifty plans at once would read every file fifty times.
  host.files.forget(filesOf(vm))
  await host.jobs.fresh(vm)
  const snapshots = await readSnapshots(await host.connection.reader(), vmUuid)
  const [forecast, tainted, sound] = [
    await readForecast(hostName, ['merge', 'delete']),
    await readTaintedLayers(hostName),
    await readSoundLayers(hostName),
  ]
  const disks = (vm.description?.disks ?? []).filter(
    (disk) => disk.path !== null && (question.target === undefined || disk.target === question.target),
  )
  const points = new Map(
    await Promise.all(
      disks.map(
        async ({ target }) => [target, await readRestorePoints(host, target, snapshots.list)] as const,
      ),
    ),
  )
  const files = new Set([
    ...(await readLayerPaths(host, vm, disks)),
    ...[...points.values()].flatMap((each) => each.flatMap(({ paths }) => paths)),
  ])
  const users = await readFileUsers(host, [...files], 'now')
  const judged = await judgeSnapshots(host, snapshots.list)
  const ownLayers = await readOwnLayers(host.name, vm, snapshots.list)
  const plans = await Promise.all(
    disks.map(async (disk) => {
      const chain = await readDiskChain(host, vm, disk, snapshots.list, users)
      if (chain.layers.length < 2 && question.target === undefined) return []
      const sharers = (path: string) =>
        sharersOf(users.of(path), { host: host.name, vmUuid: vm.uuid, target: disk.target })
      return propose(
        await planDisk(
          {
            host,
            vm,
            chain,
            points: points.get(disk.target) ?? [],
            own: ownLayers,
            removeTemplates: question.removeTemplates ?? false,
            sharers,
            gaps: users.gaps,
            unheard: users.unheard,
            snapshots,
            forecast,
            tainted,
            sound,
            copyBytes: await readLayerBytes(host, chain),
            isSound: (path) => judged.sound.includes(path),
          },
          question,
        ),
      )
    }),
  )
  return plans.flat()
}

interface DiskSituation {
  host: Host
  vm: KnownVm
  chain: DiskChain
  points: RestorePoint[]
  /** The VM's own files; whatever else lies in the chain is a template. */
  own: ReadonlySet<string>
  removeTemplates: boolean
  /** What else needs a file. */
  sharers(path: string): FoundUse[]
  /** What could not be looked at: it may need any file. */
  gaps: string[]
  unheard: string[]
  snapshots: Snapshots
  forecast: Forecast
  tainted: Map<string, TaintedLayer>
  /** How layers were last known to be sound. */
  sound: Map<string, SoundLayer>
  /** What a copy of each frozen layer may need. */
  copyBytes: ReadonlyMap<string, number>
  /** Whether a frozen layer holds what its snapshot froze, as far as is known. */
  isSound(path: string): boolean
}

async function planDisk(situation: DiskSituation, question: MergeQuestion): Promise<PlannedMerge[]> {
  const { chain } = situation
  const top = question.topPath ?? chain.layers.at(-1)?.path ?? ''
  const bottom = chain.layers[0]?.path ?? ''
  return Promise.all([
    planOne(situation, {
      target: chain.target,
      direction: 'commit',
      topPath: top,
      basePath: question.basePath === undefined ? bottom : question.basePath,
    }),
    planOne(situation, {
      target: chain.target,
      direction: 'pull',
      topPath: top,
      basePath: question.basePath === undefined ? null : question.basePath,
    }),
  ])
}

/** One range in one direction. */
async function planOne(situation: DiskSituation, range: MergeRange): Promise<PlannedMerge> {
  const { host, chain, points } = situation
  const fates = { ...situation, host: host.name, layers: chain.layers }
  const stays = (path: string) => whyStays(path, fates)
  const topIndex = chain.layers.findIndex((layer) => layer.path === range.topPath)
  const baseIndex =
    range.basePath === null ? -1 : chain.layers.findIndex((layer) => layer.path === range.basePath)
  const nothing: MergeEffects = {
    bytesToCopy: 0,
    spaceNeededBytes: 0,
    lostSnapshots: [],
    keptSnapshots: points.map((point) => point.snapshot),
    movedSnapshots: [],
    removedPaths: [],
    keptFiles: [],
    resultPaths: chain.layers.map((layer) => layer.path),
  }
  const wrongRange = refuseRange(chain, range, baseIndex, topIndex)
  const effects = wrongRange ? nothing : effectsOf(situation, range.direction, baseIndex, topIndex, stays)
  const receiver = range.direction === 'commit' ? range.basePath : range.topPath
  const spaceFreeBytes =
    wrongRange || receiver === null ? null : await host.files.freeBytes(posix.dirname(receiver))
  const writtenTo =
    range.direction === 'commit'
      ? chain.layers.slice(baseIndex, topIndex + 1).map((layer) => layer.path)
      : [range.topPath]
  const touched = wrongRange || receiver === null ? [] : writtenTo
  const insist = wrongRange || range.direction === 'pull' ? null : changedTemplate(fates, baseIndex, topIndex)
  const checks = wrongRange
    ? [refusedIf('chain', wrongRange, '')]
    : [
        refusedIf(
          'state',
          refuseState(situation, range),
          `${situation.vm.name} is ${stateWords(situation.vm.state)}: QEMU can merge.`,
        ),
        refusedIf('running jobs', refuseJobs(situation), `No block job runs on ${chain.target}.`),
        refusedIf('chain', refuseChain(chain), 'Every layer is there, with its format on record.'),
        refusedIf(
          'leftovers',
          range.direction === 'commit' ? await refuseNarrower(situation, baseIndex, topIndex) : null,
          'It does not cut an earlier merge short.',
          'Merge at least as far up as that one did: from the active layer, to be sure.',
        ),
        refusedIf(
          'sharing',
          range.direction === 'commit' ? refuseShared(situation, baseIndex, topIndex) : null,
          'No other VM reads what changes.',
        ),
        warnedIf(
          'sharing',
          range.direction === 'commit' ? warnStandby(situation, baseIndex, topIndex) : null,
          'No standby of it on another host opens what goes.',
        ),
        warnedIf('sharing', situation.unheard[0] ?? null, 'Every host was asked.'),
        refusedIf(
          'restore points',
          range.direction === 'commit' ? refuseInternal(fates, baseIndex, topIndex) : null,
          'No snapshot inside a file is lost.',
          'Revert to it and delete it first, or pull up, which keeps the file.',
        ),
        warnedIf(
          'templates',
          insist === null
            ? null
            : `${posix.basename(insist)} is a template: no disk of ${situation.vm.name} is known to have written to it. Whoever makes a VM from it later gets what this VM wrote.`,
          'No template changes.',
        ),
        refusedIf(
          'space',
          refuseSpace(effects, spaceFreeBytes, receiver),
          spaceFreeBytes === null
            ? 'libvirt can’t tell how much space is left.'
            : 'Even the worst case fits.',
          'Free space first, or merge a smaller range.',
        ),
        await checkAccess(host, situation.vm, touched, []),
        checkLabels(situation.vm),
        warnedIf(
          'restore points',
          effects.lostSnapshots.length > 0
            ? `No longer restore points afterwards: ${effects.lostSnapshots.join(', ')}.`
            : null,
          'No restore point is lost.',
        ),
        warnedIf(
          'leftovers',
          touched.some((path) => situation.tainted.has(path))
            ? `An earlier merge into ${touched.find((path) => situation.tainted.has(path))} was broken off. This one finishes it.`
            : null,
          'Nothing is left of an earlier merge.',
        ),
        IMAGE_LOCKS,
      ]
  return {
    ...range,
    ...effects,
    removedFiles: effects.removedPaths,
    templates: [...effects.removedPaths, ...effects.keptFiles.map(({ path }) => path)].filter((path) =>
      isOnlyTemplate(path, fates),
    ),
    removeTemplates: situation.removeTemplates,
    insist: insist === null ? null : posix.basename(insist),
    spaceFreeBytes,
    proposed: false,
    rebased:
      range.direction === 'commit'
        ? chain.layers
            .slice(topIndex + 1, topIndex + 2)
            .flatMap(({ path }) => (situation.isSound(path) ? [path] : []))
        : [],
    chainBefore: chain.layers.map((layer) => ({ path: layer.path, format: layer.format ?? 'raw' })),
    refusal: refusalOf(checks),
    plan: {
      checks,
      steps: wrongRange ? [] : mergeSteps(situation, range, effects, topIndex === chain.layers.length - 1),
      forecast: situation.forecast.sentence,
      fingerprint: fingerprintOf(
        host.jobs.jobsOf(situation.vm.uuid),
        situation.vm,
        situation.snapshots,
        checks,
        { ...range, removeTemplates: situation.removeTemplates },
        [{ target: chain.target, paths: chain.layers.map((layer) => layer.path) }],
      ),
    },
  }
}

function effectsOf(
  { chain, points, copyBytes }: DiskSituation,
  direction: MergeRange['direction'],
  baseIndex: number,
  topIndex: number,
  stays: Stays,
): MergeEffects {
  const layers = chain.layers.map((layer) => toLayer(layer, copyBytes))
  return direction === 'commit'
    ? commitEffects(layers, baseIndex, topIndex, points, stays)
    : pullEffects(layers, baseIndex, points, stays)
}

function mergeSteps(
  { forecast, chain }: DiskSituation,
  range: MergeRange,
  effects: MergeEffects,
  isActive: boolean,
): PlanStep[] {
  const step = (sentence: string): PlanStep => ({ sentence, bytes: null, expectedMs: null })
  const copy = (sentence: string): PlanStep => ({
    sentence,
    bytes: effects.bytesToCopy,
    expectedMs: forecast.copyMs(effects.bytesToCopy),
  })
  const base = range.basePath === null ? '' : posix.basename(range.basePath)
  return [
    ...(range.direction === 'commit'
      ? [
          step(`Remember that ${base} is about to change.`),
          copy(`Copy what the layers above hold into ${base}, while ${chain.target} goes on.`),
        ]
      : [copy(`Copy what lies below into ${posix.basename(range.topPath)}, while ${chain.target} goes on.`)]),
    ...(range.direction === 'commit' && isActive
      ? [step(`Switch ${chain.target} over to ${base} (pivot).`)]
      : []),
    ...(effects.lostSnapshots.length + effects.movedSnapshots.length > 0
      ? [
          step(
            `Bring the snapshots’ metadata in line${effects.lostSnapshots.length > 0 ? `: ${effects.lostSnapshots.join(', ')} ${effects.lostSnapshots.length === 1 ? 'goes' : 'go'}` : ''}.`,
          ),
        ]
      : []),
    ...(effects.removedPaths.length > 0
      ? [
          step(
            `Remove ${effects.removedPaths.map((path) => posix.basename(path)).join(', ')}, after asking once more that nothing uses ${effects.removedPaths.length === 1 ? 'it' : 'them'}.`,
          ),
        ]
      : []),
  ]
}

const toLayer = (layer: ChainLayer, copyBytes: ReadonlyMap<string, number>): Layer => ({
  copyBytes: copyBytes.get(layer.path) ?? layer.allocatedBytes ?? 0,
  path: layer.path,
  allocatedBytes: layer.allocatedBytes ?? 0,
  virtualBytes: layer.virtualBytes ?? 0,
})

function refuseRange(
  chain: DiskChain,
  range: MergeRange,
  baseIndex: number,
  topIndex: number,
): string | null {
  if (chain.layers.length < 2) return `${chain.target} has one layer only: there is nothing to merge.`
  if (topIndex === -1)
    return `${range.topPath} is not a layer of ${chain.target}. Reload the page: the chain changed.`
  if (range.basePath !== null && baseIndex === -1)
    return `${range.basePath} is not a layer of ${chain.target}. Reload the page: the chain changed.`
  if (range.direction === 'commit') {
    if (baseIndex === -1) return 'A commit needs a layer below that receives the data.'
    if (baseIndex >= topIndex)
      return 'The layer that receives the data must lie below the ones that are merged.'
    return null
  }
  if (topIndex !== chain.layers.length - 1)
    return 'libvirt pulls into the active layer only. Commit the range down instead.'
  if (baseIndex >= topIndex - 1)
    return baseIndex === topIndex
      ? 'The active layer can’t stay below itself.'
      : 'Nothing lies between the active layer and the one that stays below it.'
  return null
}

function refuseState({ vm }: DiskSituation, range: MergeRange): string | null {
  if (!vm.running)
    return `${vm.name} is ${stateWords(vm.state)}: QEMU merges, so the VM must run (or be paused). Start it first.`
  // What was pulled is only safe once QEMU has flushed, which it does when it stops its vCPUs (flush-pull.ts).
  if (vm.state === 'paused' && range.direction === 'pull')
    return `${vm.name} is paused: a pull is made safe at its end by a short stop of the running guest. Resume it first, or commit down.`
  if (vm.state === 'pmsuspended')
    return range.direction === 'pull'
      ? `${vm.name} is ${stateWords(vm.state)}: a pull is made safe at its end by a short stop of the running guest. Wake it up first, or commit down.`
      : null
  return vm.state !== 'running' && vm.state !== 'paused' && vm.state !== 'blocked'
    ? `${vm.name} is ${stateWords(vm.state)}: wait until it runs again.`
    : null
}

/**
 * A merge into this base that was broken off has left in it data of layers above. Only one that reaches as far up finishes it; a
 * narrower one would leave them there and pass the base off as sound.
 */
async function refuseNarrower(
  { host, chain, tainted, sound }: DiskSituation,
  baseIndex: number,
  topIndex: number,
): Promise<string | null> {
  const isFull = topIndex === chain.layers.length - 1
  const base = chain.layers[baseIndex]
  if (isFull || !base) return null
  const tops = tainted.get(base.path)?.topPaths ?? []
  const reading = await host.files.read(base.path)
  const soundMs = sound.get(base.path)?.modifiedMs
  const changed =
    reading.kind === 'found' &&
    reading.modifiedMs !== null &&
    soundMs !== undefined &&
    reading.modifiedMs > soundMs
  const beyond = tops.some((top) => {
    const index = top === null ? -1 : chain.layers.findIndex((layer) => layer.path === top)
    return index === -1 || index > topIndex
  })
  return beyond || changed
    ? `A merge into ${base.path} was broken off that reached further up than this one: ${base.path} holds some of its data, which this merge would leave there.`
    : null
}

const refuseJobs = ({ chain }: DiskSituation): string | null =>
  chain.job
    ? `${chain.target} has a block job already (${chain.job.type}): one disk takes one at a time. Wait for it, or cancel it.`
    : null

function refuseChain(chain: DiskChain): string | null {
  const broken = chain.layers.flatMap((layer) =>
    layer.problems.filter((problem) => problem.kind !== 'format-differs'),
  )[0]
  return broken ? `The chain is not sound: ${broken.sentence}` : null
}

/** A commit changes what everything else that reads these layers sees, and libvirt refuses at most while that runs. */
function refuseShared(
  { host, vm, chain, sharers, gaps }: DiskSituation,
  baseIndex: number,
  topIndex: number,
): string | null {
  const own = { host: host.name, vmUuid: vm.uuid }
  for (const { path } of chain.layers.slice(baseIndex, topIndex + 1)) {
    const use = sharers(path).find((each) => !isStandby(each, own))
    if (use)
      return `${path} is ${use.isSure ? 'also needed' : 'perhaps also needed'} by ${describeUse(use, host.name)}${use.isSure ? '' : `: whether ${posix.dirname(path)} is the same directory on both hosts could not be found out`}. A commit would change what it reads. Pull up instead.`
  }
  return gaps.length > 0 ? `Something may need these layers that could not be looked at: ${gaps[0]}` : null
}

/** Its file stays for it, and yet stands on a base that moved on: started from it the VM would see a mixture. */
function warnStandby(
  { host, vm, chain, sharers }: DiskSituation,
  baseIndex: number,
  topIndex: number,
): string | null {
  const own = { host: host.name, vmUuid: vm.uuid }
  for (const { path } of chain.layers.slice(baseIndex + 1, topIndex + 1).reverse()) {
    const use = sharers(path).find((each) => isStandby(each, own))
    if (use)
      return `${vm.name} is defined on ${use.host} as well and opens ${posix.basename(path)} there, which no longer fits what lies below it afterwards. Define it anew there before it is started there.`
  }
  return null
}

function refuseSpace(
  effects: MergeEffects,
  freeBytes: number | null,
  receiver: string | null,
): string | null {
  if (freeBytes === null || receiver === null || freeBytes >= effects.spaceNeededBytes) return null
  return `There may not be enough space: ${receiver} can grow by ${effects.spaceNeededBytes} bytes, and its file system has ${freeBytes} free.`
}

/** Guests never write compressed clusters, so the active layer needs no look. */
async function readLayerBytes(host: Host, chain: DiskChain): Promise<Map<string, number>> {
  const frozen = chain.layers.filter((layer) => !layer.isActive && layer.format === 'qcow2')
  const bytes = await Promise.all(
    frozen.map(async ({ path }) => {
      const reading = await host.files.read(path)
      return reading.kind === 'found' ? ([[path, await readCopyBytes(host.files, reading)]] as const) : []
    }),
  )
  return new Map(bytes.flat())
}

/** Marks of a disk's legal options the one that loses the fewest restore points, of equal ones the cheaper. */
function propose(options: PlannedMerge[]): PlannedMerge[] {
  const best = options
    .filter((option) => option.refusal === null)
    .sort((a, b) => a.lostSnapshots.length - b.lostSnapshots.length || a.bytesToCopy - b.bytesToCopy)[0]
  return options.map((option) => ({ ...option, proposed: option === best }))
}
