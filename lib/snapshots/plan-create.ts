import { posix } from 'node:path'
import { pinnedOtherwise } from '../chains/disk-chain.ts'
import { snapshotRefusal } from '../chains/snapshot-refusal.ts'
import type { DomainDescription, XmlDisk } from '../hosts/domain-xml.ts'
import { diskIn } from '../hosts/follow-headers.ts'
import type { AgentReading } from '../hosts/frozen-guests.ts'
import type { ImageReading } from '../hosts/image-files.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { spelledOtherwise } from '../hosts/next-start.ts'
import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { START_LAYERS_MAXIMUM } from '../hosts/start-depth.ts'
import { stateWords } from '../hosts/state-words.ts'
import type { BlockJobView } from '../hosts/types.ts'
import type { Pace } from '../jobs/pace.ts'
import { refusedIf, warnedIf } from '../plans/checks.ts'
import { accessCheck, checkLabels } from '../plans/file-access.ts'
import { fingerprintOf } from '../plans/fingerprint.ts'
import { forecastOf } from '../plans/forecast.ts'
import type { Plan, PlanCheck } from '../plans/types.ts'
import type { Folders } from '../situation/read-folders.ts'
import { describeUse } from '../storage/describe-use.ts'
import type { FoundUse } from '../storage/file-users.ts'
import { sharersOf } from '../storage/sharers.ts'
import { asleepRefusal } from './asleep-refusal.ts'
import { OVERLAY_MIN_FREE_BYTES } from './limits.ts'
import { overlayRefusal } from './overlay-refusal.ts'
import { transientCost } from './transient-cost.ts'
import type { QuiesceMode } from './types.ts'

export interface CreateQuestion {
  disks: readonly string[]
  quiesce: QuiesceMode
  /** null = beside each image. */
  overlayDirectory: string | null
  /** The person was told what a snapshot of a transient VM costs, and wants it. */
  transientConfirmed?: boolean
}

/** What a plan of a snapshot rests on, read at one time: plain data. */
export interface CreateSituation {
  version: 1
  host: string
  vm: Pick<KnownVm, 'uuid' | 'name' | 'state' | 'running' | 'persistent' | 'next'> & {
    description: DomainDescription | null
    hasManagedSave: boolean
  }
  snapshots: readonly SnapshotMetadata[]
  current: string | null
  jobs: readonly BlockJobView[]
  /** Folders that overlays may go to; read only where one was chosen. */
  allowedDirectories: readonly string[]
  /** By path: the layers of the chosen disks. */
  files: Record<string, ImageReading>
  /** Those that the overlays would go to. */
  folders: Folders
  /** What needs the chosen disks of a VM that is off. */
  uses: Record<string, FoundUse[]>
  /** null: it was not asked. */
  agent: AgentReading | null
  pace: Pace
}

export const chosenDisks = (
  { description }: { description: DomainDescription | null },
  { disks }: CreateQuestion,
): XmlDisk[] => (description?.disks ?? []).filter(({ target }) => disks.includes(target))

export const isAllowed = ({ overlayDirectory }: CreateQuestion, allowed: readonly string[]): boolean =>
  overlayDirectory === null || allowed.includes(overlayDirectory)

/** Folders that the overlays of these disks would go to. */
export const overlayFolders = (disks: readonly XmlDisk[], { overlayDirectory }: CreateQuestion): string[] => [
  ...new Set(
    disks.flatMap((disk) =>
      disk.path === null || (overlayDirectory === null && disk.sourceType === 'block')
        ? []
        : [overlayDirectory ?? posix.dirname(disk.path)],
    ),
  ),
]

/** What taking a snapshot of these disks does, and what speaks against it. The name is checked apart, as it is typed. Pure. */
export function planCreate(situation: CreateSituation, question: CreateQuestion): Plan {
  const { vm, jobs, snapshots, current, files, agent } = situation
  const [job] = jobs
  const chosen = chosenDisks(vm, question)
  const folders = overlayFolders(chosen, question)
  const allowed = isAllowed(question, situation.allowedDirectories)
  const free = (allowed ? folders : []).map((folder) => ({
    folder,
    bytes: situation.folders[folder]?.freeBytes ?? null,
  }))
  const unreadable = free.find((each) => each.bytes === null)
  const forbidden = allowed ? null : `Overlays may not go to ${question.overlayDirectory}.`
  const full = free.find((each) => each.bytes !== null && each.bytes < OVERLAY_MIN_FREE_BYTES * chosen.length)
  const wrong = chosen
    .map((disk) => ({
      target: disk.target,
      refusal: snapshotRefusal(disk) ?? overlayRefusal(disk, question.overlayDirectory, vm.running),
    }))
    .find((each) => each.refusal !== null)
  const chains = chosen.map((disk) => ({ target: disk.target, disk, layers: diskIn(files, disk).layers }))
  const pinned = vm.running
    ? undefined
    : chains.flatMap(({ disk, layers }) =>
        layers.flatMap((layer, index) => pinnedOtherwise(disk, layer, layers[index + 1] ?? null) ?? []),
      )[0]
  const writer = findWriter(situation, chosen)
  const gone = chains.flatMap(({ target, layers }) =>
    layers.flatMap(({ reading }) => (reading.kind === 'missing' ? [{ target, path: reading.path }] : [])),
  )[0]
  const otherwise =
    vm.running && vm.description && vm.next
      ? spelledOtherwise(vm.description, vm.next).find((each) => question.disks.includes(each.target))
      : undefined
  const deep = chains.find((chain) => chain.layers.length >= START_LAYERS_MAXIMUM)
  const halfDeleted = snapshots.find((snapshot) => snapshot.disks.some((disk) => disk.deleteInProgress))
  const saved = vm.hasManagedSave
  const checks: PlanCheck[] = [
    refusedIf(
      'running jobs',
      job ? `A block job runs on ${job.target}.` : null,
      'No block job runs on this VM.',
      'Wait for it, or cancel it.',
    ),
    refusedIf(
      'state',
      asleepRefusal(vm) ??
        (saved ? `${vm.name} has a saved state (managed save), which would write below the overlays.` : null),
      `${vm.name} is ${stateWords(vm.state)}.`,
      ...(saved ? ['Start the VM first, or discard the saved state.'] : []),
    ),
    refusedIf(
      'formats',
      wrong ? `${wrong.target}: ${wrong.refusal}` : null,
      'Every chosen disk can take an overlay.',
    ),
    warnedIf('formats', plainOverlays(chosen), 'No overlay holds in plain text what its disk encrypts.'),
    refuseGone(vm, gone),
    refusedIf(
      'chain',
      pinned === undefined ? null : `${pinned} libvirt would lay the overlay on what the header names.`,
      'Headers and configuration agree on every layer.',
      'Start the VM first: a snapshot of a running VM stands on what it has open.',
    ),
    refusedIf(
      'sharing',
      writer === null ? null : `${writer} now: the overlay would stand on a file that goes on changing.`,
      'No other VM writes to these disks.',
      'Stop that VM first, or give one of the two a copy of its own.',
    ),
    refusedIf(
      'state',
      otherwise
        ? `The configuration for the next start has ${otherwise.target} on ${otherwise.next ?? 'nothing'}, and the running VM has it on ${otherwise.now}. libvirt would switch only the running VM to the overlay: the next start would use the old file.`
        : null,
      'The next start will use the overlays, too.',
      'Give the configuration the path that the VM has now, to the letter (virsh edit).',
    ),
    checkTransient(vm, question.transientConfirmed ?? false),
    warnedIf(
      'chain',
      deep
        ? `${deep.target} has ${deep.layers.length} layers. With this one it has ${deep.layers.length + 1}, and libvirt starts no VM with more than ${START_LAYERS_MAXIMUM}: it would run on, but not start again once it was stopped.`
        : null,
      'The chains stay short enough to be started.',
      'Merge older layers first.',
    ),
    refusedIf(
      'space',
      forbidden ??
        (unreadable
          ? `The folder ${unreadable.folder} can’t be read by libvirt, so no overlay can be made in it.`
          : null) ??
        (full ? `The file system of ${full.folder} is full (${full.bytes} bytes free).` : null),
      'There is room for the new overlays; they grow as the guest writes.',
      unreadable
        ? 'Let libvirt read and write there, or choose another folder.'
        : 'Free space there, or put the overlays elsewhere.',
    ),
    accessCheck(vm, situation, [], allowed ? folders : []),
    checkLabels(vm),
    checkAgent(vm, question.quiesce, agent),
    warnedIf(
      'leftovers',
      halfDeleted ? `The delete of a child of ${halfDeleted.name} was broken off.` : null,
      'Nothing is left of an earlier failure.',
      'Repeat that delete first: see Check & repair.',
    ),
  ]
  const forecast = forecastOf(situation.host, situation.pace)
  const targets = chosen.map((disk) => disk.target).join(', ')
  return {
    checks,
    forecast: forecast.sentence,
    steps: [
      {
        sentence: `${question.quiesce === 'off' || vm.state !== 'running' ? 'Switch' : 'Freeze the guest’s file systems, switch'} ${targets || 'no disk'} to new overlays at one moment${question.quiesce === 'off' || vm.state !== 'running' ? '' : ', thaw'}.`,
        bytes: null,
        expectedMs: forecast.jobMs,
      },
      {
        sentence:
          'See that every disk writes to its overlay, and note when the frozen layers were last changed.',
        bytes: null,
        expectedMs: null,
      },
    ],
    fingerprint: fingerprintOf(jobs, vm, { list: snapshots, current }, checks, {
      snapshot: [...question.disks].sort(),
      directory: question.overlayDirectory,
    }),
  }
}

/** libvirt makes an overlay without encryption unless the snapshot's XML gives it a secret of its own. */
function plainOverlays(disks: readonly XmlDisk[]): string | null {
  const targets = disks.filter((disk) => disk.isEncrypted).map((disk) => disk.target)
  return targets.length === 0
    ? null
    : `${targets.join(', ')}: the disk is encrypted and its overlay will not be. What the guest writes from then on can be read by whoever gets that file.`
}

function checkTransient(vm: Pick<KnownVm, 'name' | 'persistent'>, confirmed: boolean): PlanCheck {
  const cost = transientCost(vm)
  const kept = `libvirt keeps the configuration of ${vm.name}.`
  return confirmed
    ? warnedIf('state', cost, kept)
    : refusedIf('state', cost, kept, 'Define it first (virsh define), or take the snapshot all the same.')
}

/** A file that is gone lives on in a running QEMU alone. */
function refuseGone(
  vm: Pick<KnownVm, 'name' | 'running'>,
  gone: { target: string; path: string } | undefined,
): PlanCheck {
  const refusal = vm.running
    ? `The file ${gone?.path} of ${gone?.target} is gone; only the running VM still holds it, and an overlay would stand on nothing. Do not stop the VM.`
    : `The file ${gone?.path} of ${gone?.target} is gone: an overlay would stand on nothing.`
  return refusedIf(
    'chain',
    gone === undefined ? null : refusal,
    'Every layer is there.',
    vm.running
      ? `Check & repair on its page copies the disk to a new file while the VM goes on.`
      : 'Put the file back, or restore the disk from a backup.',
  )
}

/** Another VM that runs and has one of these disks open to write, half a sentence; null when there is none. */
function findWriter({ host, vm, uses }: CreateSituation, disks: readonly XmlDisk[]): string | null {
  for (const { target, path } of disks) {
    const own = { host, vmUuid: vm.uuid, target }
    const use = sharersOf(path === null ? [] : (uses[path] ?? []), own).find(
      (each) => each.running && each.kind === 'disk',
    )
    if (use)
      return `${path} (${target}) is ${use.isSure ? '' : 'perhaps '}used by ${describeUse(use, host)}, which runs`
  }
  return null
}

function checkAgent(
  vm: Pick<KnownVm, 'name' | 'running' | 'state'>,
  quiesce: QuiesceMode,
  reading: AgentReading | null,
): PlanCheck {
  if (!vm.running && quiesce !== 'required')
    return {
      name: 'agent',
      verdict: 'ok',
      sentence: `${vm.name} is off: its disks stay as they were left.`,
      remedy: null,
    }
  if (reading === null)
    return {
      name: 'agent',
      verdict: 'warn',
      sentence: 'Quiesce is off: the snapshot is as after a power cut.',
      remedy: null,
    }
  const needed = quiesce === 'required'
  const missing: Record<Exclude<AgentReading['agent'], 'answers'>, string> = {
    'not configured': 'The VM has no channel for the QEMU guest agent.',
    'does not answer': 'The guest agent does not answer just now.',
    'no freeze': 'The guest agent answers, but can’t freeze file systems.',
    frozen: 'The guest’s file systems are frozen already, and not by Keyframe.',
    'vm not running': `The VM is ${stateWords(vm.state)}, so there is nothing to freeze.`,
  }
  if (reading.agent === 'answers')
    return { name: 'agent', verdict: 'ok', sentence: 'The guest agent answers.', remedy: null }
  return {
    name: 'agent',
    verdict: needed ? 'refused' : 'warn',
    sentence: `${missing[reading.agent]}${needed ? ' Quiesce is required.' : ' Without it the snapshot is as after a power cut.'}`,
    remedy: agentRemedy(reading.agent, needed),
  }
}

function agentRemedy(agent: AgentReading['agent'], needed: boolean): string | null {
  if (agent === 'frozen') return 'Thaw it on its page first.'
  return needed ? 'Take quiesce auto, or start the agent in the guest.' : null
}
