import { posix } from 'node:path'
import type { DiskChain } from '../chains/types.ts'
import { stateWords } from '../hosts/state-words.ts'
import { IMAGE_LOCKS, refusedIf, warnedIf } from '../plans/checks.ts'
import { accessCheck, checkLabels } from '../plans/file-access.ts'
import type { PlanCheck } from '../plans/types.ts'
import type { Unproven } from '../situation/judge-snapshots.ts'
import type { Situation } from '../situation/situation.ts'
import { describeUse } from '../storage/describe-use.ts'
import { isStandby } from '../storage/sharers.ts'
import { changedTemplate, refuseInternal, refuseInternalTop, type Fates } from './file-fate.ts'
import type { MergeEffects } from './merge-effects.ts'
import type { MergeRange } from './types.ts'

/** A disk of a situation, with what decides over its files. */
export interface DiskQuestion {
  situation: Situation
  chain: DiskChain
  fates: Fates
  /** What is known of the snapshots, judged once for all ways to merge. */
  unproven: Readonly<Record<string, Unproven>>
  sound: readonly string[]
}

/** What the range comes to, worked out before it is judged. */
export interface JudgedRange extends MergeRange {
  /** Indexes of its layers, base of the chain first. */
  baseIndex: number
  topIndex: number
  effects: MergeEffects
  /** The layer that grows. */
  receiver: string
  /** Layers that are written to. */
  touched: readonly string[]
  /** The template that it changes. */
  template: string | null
  /** Templates that it takes away. */
  removedTemplates: readonly string[]
}

/** Everything that is asked before a merge of a range that can be meant. */
export function mergeChecks(question: DiskQuestion, range: JudgedRange): PlanCheck[] {
  const { situation, chain, fates } = question
  const { vm } = situation
  const { baseIndex, topIndex, effects, receiver, touched } = range
  const spaceFreeBytes = freeBytesFor(situation, receiver)
  return [
    refusedIf(
      'state',
      refuseState(question, range),
      `${vm.name} is ${stateWords(vm.state)}: QEMU can merge.`,
    ),
    refusedIf('running jobs', refuseJobs(question), `No block job runs on ${chain.target}.`),
    refusedIf('chain', refuseChain(chain), 'Every layer is there, with its format on record.'),
    refusedIf(
      'leftovers',
      range.direction === 'commit' ? refuseNarrower(question, baseIndex, topIndex) : null,
      'It does not cut an earlier merge short.',
      'Merge at least as far up as that one did: from the active layer, to be sure.',
    ),
    refusedIf(
      'sharing',
      range.direction === 'commit' ? refuseShared(question, baseIndex, topIndex) : null,
      'No other VM reads what changes.',
    ),
    warnedIf(
      'sharing',
      range.direction === 'commit' ? warnStandby(question, baseIndex, topIndex) : null,
      'No standby of it on another host opens what goes.',
    ),
    warnedIf('sharing', situation.unheard[0] ?? null, 'Every host was asked.'),
    warnedIf('sharing', situation.doubts[0] ?? null, 'No VM has lost a file.'),
    refusedIf(
      'restore points',
      range.direction === 'commit'
        ? refuseInternal(fates, [...effects.removedPaths, ...effects.keptFiles.map(({ path }) => path)])
        : refuseInternalTop(fates, range.topPath),
      'No snapshot inside a file is lost.',
      'Revert to it and delete it first.',
    ),
    warnedIf('templates', warnTemplate(vm.name, range), 'No template changes or goes.'),
    refusedIf(
      'space',
      refuseSpace(effects, spaceFreeBytes, receiver),
      spaceFreeBytes === null ? 'libvirt can’t tell how much space is left.' : 'Even the worst case fits.',
      'Free space first, or merge a smaller range.',
    ),
    accessCheck(vm, situation, touched, []),
    checkLabels(vm, {
      libvirtVersion: situation.host.libvirtVersion,
      running: vm.running,
      into: range.direction === 'commit' ? receiver : null,
    }),
    warnedIf(
      'restore points',
      effects.lostSnapshots.length > 0
        ? `No longer restore points afterwards: ${effects.lostSnapshots.join(', ')}.`
        : null,
      'No restore point is lost.',
    ),
    warnedIf('leftovers', warnLeftovers(question, range), 'Nothing is left of an earlier merge.'),
    IMAGE_LOCKS,
  ]
}

function warnTemplate(vm: string, { template, removedTemplates }: JudgedRange): string | null {
  if (template !== null)
    return `${posix.basename(template)} is a template: no disk of ${vm} is known to have written to it. Whoever makes a VM from it later gets what this VM wrote.`
  const names = removedTemplates.map((path) => posix.basename(path)).join(', ')
  return names === ''
    ? null
    : `${names}: a template, which no disk of ${vm} is known to have written to, is removed. Nobody can make a VM from it afterwards.`
}

/** A merge that was broken off has spoilt what its base froze; a full commit brings the chain in order, a pull goes past it. */
function warnLeftovers({ situation: { taints }, chain }: DiskQuestion, range: JudgedRange): string | null {
  const below = chain.layers.slice(Math.max(range.baseIndex, 0), range.topIndex + 1)
  const broken = below.find(({ path }) => taints[path] !== undefined)
  if (!broken) return null
  const name = posix.basename(broken.path)
  return range.direction === 'commit'
    ? `An earlier merge into ${name} was broken off. This one finishes it.`
    : `An earlier merge into ${name} was broken off, and its snapshots stay unproven. After this pull it can’t be finished any more. To finish it, commit down instead.`
}

/** What is free where a layer lies; null when libvirt can’t tell. */
export const freeBytesFor = ({ folders }: Situation, path: string): number | null =>
  folders[posix.dirname(path)]?.freeBytes ?? null

/** Why a range can't be meant at all. */
export function refuseRange(
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

function refuseState({ situation: { vm } }: DiskQuestion, range: MergeRange): string | null {
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
function refuseNarrower(
  { chain, situation }: DiskQuestion,
  baseIndex: number,
  topIndex: number,
): string | null {
  const isFull = topIndex === chain.layers.length - 1
  const base = chain.layers[baseIndex]
  if (isFull || !base) return null
  const tops = situation.taints[base.path]?.topPaths ?? []
  const reading = situation.files[base.path]
  const soundMs = situation.soundRecords[base.path]?.modifiedMs
  const changed =
    reading?.kind === 'found' &&
    reading.modifiedMs !== null &&
    soundMs !== undefined &&
    reading.modifiedMs > soundMs
  const beyond = tops.some((top) => {
    const index = top === null ? -1 : chain.layers.findIndex((layer) => layer.path === top)
    return index === -1 || index > topIndex
  })
  // Records say how far the merges into it reached; without one only the time tells that there was any.
  return beyond || (changed && tops.length === 0)
    ? `A merge into ${base.path} was broken off that reached further up than this one: ${base.path} holds some of its data, which this merge would leave there.`
    : null
}

const refuseJobs = ({ chain }: DiskQuestion): string | null =>
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
  { situation: { host, vm, gaps }, chain, fates }: DiskQuestion,
  baseIndex: number,
  topIndex: number,
): string | null {
  const own = { host: host.name, vmUuid: vm.uuid }
  const layers = chain.layers.slice(baseIndex, topIndex + 1)
  for (const { path } of layers) {
    const use = fates.sharers(path).find((each) => !isStandby(each, own))
    if (use)
      return `${path} is ${use.isSure ? 'also needed' : 'perhaps also needed'} by ${describeUse(use, host.name)}${use.isSure ? '' : `: whether ${posix.dirname(path)} is the same directory on both hosts could not be found out`}. A commit would change what it reads. Pull up instead.`
  }
  const on = layers.find(({ path }) => fates.overlayOn(path) !== null)
  if (on)
    return `${fates.overlayOn(on.path)} stands on ${on.path}, and no VM has it. A commit would change what it reads. Remove it if nobody needs it (Check & repair), or pull up instead.`
  if (fates.doubt !== null && changedTemplate(fates, baseIndex, topIndex) !== null)
    return `Another VM may stand on the template that this changes. ${fates.doubt}`
  return gaps.length > 0 ? `Something may need these layers that could not be looked at: ${gaps[0]}` : null
}

/** Its file stays for it, and yet stands on a base that moved on: started from it the VM would see a mixture. */
function warnStandby(
  { situation: { host, vm }, chain, fates }: DiskQuestion,
  baseIndex: number,
  topIndex: number,
): string | null {
  const own = { host: host.name, vmUuid: vm.uuid }
  for (const { path } of chain.layers.slice(baseIndex + 1, topIndex + 1).reverse()) {
    const use = fates.sharers(path).find((each) => isStandby(each, own))
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
