import { posix } from 'node:path'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import { refusalOf, refusedIf } from '../plans/checks.ts'
import { fingerprintOf } from '../plans/fingerprint.ts'
import { forecastOf, type Forecast } from '../plans/forecast.ts'
import type { PlanStep } from '../plans/types.ts'
import { judgeSnapshots, soundLayers } from '../situation/judge-snapshots.ts'
import { restorePointsOf, type RestorePoint } from '../situation/restore-points.ts'
import { chainNow, copyBytesOf, overlayOn, type Situation } from '../situation/situation.ts'
import { sharersOf } from '../storage/sharers.ts'
import { changedTemplate, isOnlyTemplate, whyStays } from './file-fate.ts'
import { commitEffects, pullEffects, type MergeEffects } from './merge-effects.ts'
import { freeBytesFor, mergeChecks, refuseRange, type DiskQuestion } from './merge-rules.ts'
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

/** Every way to merge the range asked for, legal or refused with the reason. Pure. */
export function planMerge(situation: Situation, question: MergeQuestion): PlannedMerge[] {
  const judged = { unproven: judgeSnapshots(situation), sound: soundLayers(situation) }
  return situation.vm.description.disks
    .filter(
      (disk) => disk.path !== null && (question.target === undefined || disk.target === question.target),
    )
    .flatMap((disk) => planDisk(situation, disk, judged, question))
}

function planDisk(
  situation: Situation,
  disk: XmlDisk,
  judged: Pick<DiskQuestion, 'unproven' | 'sound'>,
  question: MergeQuestion,
): PlannedMerge[] {
  const chain = chainNow(situation, disk)
  if (chain.layers.length < 2 && question.target === undefined) return []
  const { target } = chain
  const own = new Set(situation.own)
  const asked: DiskQuestion = {
    ...judged,
    situation,
    chain,
    fates: {
      host: situation.host.name,
      layers: chain.layers,
      files: situation.files,
      sharers: (path) =>
        sharersOf(situation.uses[path] ?? [], {
          host: situation.host.name,
          vmUuid: situation.vm.uuid,
          target,
        }),
      overlayOn: (path) => overlayOn(situation, path),
      doubt: situation.doubts[0] ?? null,
      own,
      removeTemplates: question.removeTemplates ?? false,
    },
  }
  const topPath = question.topPath ?? chain.layers.at(-1)?.path ?? ''
  const bottom = chain.layers[0]?.path ?? ''
  const { basePath } = question
  return propose(asked, [
    planOne(asked, {
      target,
      direction: 'commit',
      topPath,
      basePath: basePath === undefined ? bottom : basePath,
    }),
    planOne(asked, { target, direction: 'pull', topPath, basePath: basePath ?? null }),
  ])
}

/** One range in one direction. */
function planOne(question: DiskQuestion, range: MergeRange): PlannedMerge {
  const { situation, chain, fates, unproven, sound } = question
  const layers = chain.layers.map(({ path }) => path)
  const points = restorePointsOf(situation, chain.target, layers)
  const topIndex = layers.indexOf(range.topPath)
  const baseIndex = range.basePath === null ? -1 : layers.indexOf(range.basePath)
  const isCommit = range.direction === 'commit'
  const wrongRange = refuseRange(chain, range, baseIndex, topIndex)
  const effects = wrongRange
    ? noEffects(points, layers)
    : effectsOf(question, range.direction, baseIndex, topIndex, points)
  const receiver = isCommit ? range.basePath : range.topPath
  const touched = isCommit ? layers.slice(baseIndex, topIndex + 1) : [range.topPath]
  const template = wrongRange || !isCommit ? null : changedTemplate(fates, baseIndex, topIndex)
  const checks =
    wrongRange !== null || receiver === null
      ? [refusedIf('chain', wrongRange, '')]
      : mergeChecks(question, {
          ...range,
          baseIndex,
          topIndex,
          effects,
          receiver,
          touched,
          template,
          removedTemplates: effects.removedPaths.filter((path) => isOnlyTemplate(path, fates)),
        })
  const forecast = forecastOf(situation.host.name, situation.paces.merges)
  return {
    ...range,
    ...effects,
    // What is unproven already is nothing that could be kept.
    keptSnapshots: effects.keptSnapshots.filter((name) => unproven[name] === undefined),
    removedFiles: effects.removedPaths,
    templates: [...effects.removedPaths, ...effects.keptFiles.map(({ path }) => path)].filter((path) =>
      isOnlyTemplate(path, fates),
    ),
    removeTemplates: fates.removeTemplates,
    insist: template === null ? null : posix.basename(template),
    spaceFreeBytes: wrongRange !== null || receiver === null ? null : freeBytesFor(situation, receiver),
    proposed: false,
    rebased: isCommit ? layers.slice(topIndex + 1, topIndex + 2).filter((path) => sound.includes(path)) : [],
    chainBefore: chain.layers.map((layer) => ({ path: layer.path, format: layer.format ?? 'raw' })),
    refusal: refusalOf(checks),
    plan: {
      checks,
      steps: wrongRange
        ? []
        : mergeSteps(forecast, chain.target, range, effects, topIndex === layers.length - 1),
      forecast: forecast.sentence,
      fingerprint: fingerprintOf(
        situation.jobs,
        situation.vm,
        { list: situation.snapshots, current: situation.current },
        checks,
        {
          ...range,
          removeTemplates: fates.removeTemplates,
          removed: effects.removedPaths,
          kept: effects.keptFiles.map(({ path }) => path),
          lost: effects.lostSnapshots,
          template,
        },
        [{ target: chain.target, paths: layers }],
      ),
    },
  }
}

const noEffects = (points: readonly RestorePoint[], layers: string[]): MergeEffects => ({
  bytesToCopy: 0,
  spaceNeededBytes: 0,
  lostSnapshots: [],
  keptSnapshots: points.map((point) => point.snapshot),
  movedSnapshots: [],
  removedPaths: [],
  keptFiles: [],
  resultPaths: layers,
})

function effectsOf(
  { situation, chain, fates }: DiskQuestion,
  direction: MergeRange['direction'],
  baseIndex: number,
  topIndex: number,
  points: readonly RestorePoint[],
): MergeEffects {
  const layers = chain.layers.map(({ path, allocatedBytes, virtualBytes }) => ({
    path,
    allocatedBytes: allocatedBytes ?? 0,
    virtualBytes: virtualBytes ?? 0,
    copyBytes: copyBytesOf(situation, path),
  }))
  const stays = (path: string) => whyStays(path, fates)
  return direction === 'commit'
    ? commitEffects(layers, baseIndex, topIndex, points, stays)
    : pullEffects(layers, baseIndex, points, stays)
}

function mergeSteps(
  forecast: Forecast,
  target: string,
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
          copy(`Copy what the layers above hold into ${base}, while ${target} goes on.`),
        ]
      : [copy(`Copy what lies below into ${posix.basename(range.topPath)}, while ${target} goes on.`)]),
    ...(range.direction === 'commit' && isActive ? [step(`Switch ${target} over to ${base} (pivot).`)] : []),
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

/**
 * Marks of a disk's legal options the one that loses the fewest restore points that are still good, changes no template, ends what
 * was broken off, and of equal ones the cheaper.
 */
function propose({ situation: { taints }, unproven }: DiskQuestion, options: PlannedMerge[]): PlannedMerge[] {
  const cost = ({ direction, lostSnapshots, insist, chainBefore, bytesToCopy }: PlannedMerge) => [
    lostSnapshots.filter((name) => unproven[name] === undefined).length,
    Number(insist !== null),
    Number(direction === 'pull' && chainBefore.some(({ path }) => taints[path] !== undefined)),
    bytesToCopy,
  ]
  const [best] = options
    .filter((option) => option.refusal === null)
    .map((option) => ({ option, cost: cost(option) }))
    .sort((a, b) => a.cost.map((each, index) => each - b.cost[index]!).find((each) => each !== 0) ?? 0)
  return options.map((option) => ({ ...option, proposed: option === best?.option }))
}
