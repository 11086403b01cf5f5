import 'server-only'
import { posix } from 'node:path'
import { pinnedOtherwise } from '../chains/disk-chain.ts'
import { snapshotRefusal } from '../chains/snapshot-refusal.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { AgentReading } from '../hosts/frozen-guests.ts'
import { filesOf, type KnownVm } from '../hosts/inventory.ts'
import { spelledOtherwise } from '../hosts/next-start.ts'
import { START_LAYERS_MAXIMUM } from '../hosts/start-depth.ts'
import { walkDisk } from '../hosts/walk-chain.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { stateWords } from '../hosts/state-words.ts'
import { describeUse } from '../storage/describe-use.ts'
import { readFileUsers } from '../storage/file-users.ts'
import { sharersOf } from '../storage/sharers.ts'
import type { Host } from '../hosts/host.ts'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import { refusedIf, warnedIf } from '../plans/checks.ts'
import { checkAccess, checkLabels } from '../plans/file-access.ts'
import { fingerprintOf } from '../plans/fingerprint.ts'
import { readForecast } from '../plans/forecast.ts'
import type { Plan, PlanCheck } from '../plans/types.ts'
import { asleepRefusal } from './asleep-refusal.ts'
import { OVERLAY_MIN_FREE_BYTES } from './limits.ts'
import { overlayRefusal } from './overlay-refusal.ts'
import { overlayDirectories } from './snapshot-form.ts'
import type { QuiesceMode } from './types.ts'

export interface CreateQuestion {
  disks: readonly string[]
  quiesce: QuiesceMode
  /** null = beside each image. */
  overlayDirectory: string | null
}

/** What taking a snapshot of these disks does, and what was found before. The name is checked apart, as it is typed. Throws HostDown and VmGone. */
export async function planCreate(hostName: string, vmUuid: string, question: CreateQuestion): Promise<Plan> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  host.files.forget(filesOf(vm))
  const [job] = await host.jobs.fresh(vm)
  const snapshots = await readSnapshots(await host.connection.reader(), vmUuid)
  const chosen = (vm.description?.disks ?? []).filter((disk) => question.disks.includes(disk.target))
  const folders = [
    ...new Set(
      chosen.flatMap((disk) =>
        disk.path === null || (question.overlayDirectory === null && disk.sourceType === 'block')
          ? []
          : [question.overlayDirectory ?? posix.dirname(disk.path)],
      ),
    ),
  ]
  // Looking at a folder starts a pool on it: not on any that someone names.
  const allowed =
    question.overlayDirectory === null ||
    (await overlayDirectories(host, vm)).includes(question.overlayDirectory)
  const free = await Promise.all(
    (allowed ? folders : []).map(async (folder) => ({ folder, bytes: await host.files.freeBytes(folder) })),
  )
  const unreadable = free.find((each) => each.bytes === null)
  const forbidden = allowed ? null : `Overlays may not go to ${question.overlayDirectory}.`
  const full = free.find((each) => each.bytes !== null && each.bytes < OVERLAY_MIN_FREE_BYTES * chosen.length)
  const wrong = chosen
    .map((disk) => ({
      target: disk.target,
      refusal: snapshotRefusal(disk) ?? overlayRefusal(disk, question.overlayDirectory, vm.running),
    }))
    .find((each) => each.refusal !== null)
  const chains = await Promise.all(
    chosen.map(async (disk) => ({
      target: disk.target,
      disk,
      layers: (await walkDisk(host.files, disk)).layers,
    })),
  )
  const pinned = vm.running
    ? undefined
    : chains.flatMap(({ disk, layers }) =>
        layers.flatMap((layer, index) => pinnedOtherwise(disk, layer, layers[index + 1] ?? null) ?? []),
      )[0]
  const writer = vm.running ? null : await findWriter(host, vm, chosen)
  const gone = chains.flatMap(({ target, layers }) =>
    layers.flatMap(({ reading }) => (reading.kind === 'missing' ? [{ target, path: reading.path }] : [])),
  )[0]
  const otherwise =
    vm.running && vm.description && vm.next
      ? spelledOtherwise(vm.description, vm.next).find((each) => question.disks.includes(each.target))
      : undefined
  const deep = chains.find((chain) => chain.layers.length >= START_LAYERS_MAXIMUM)
  const halfDeleted = snapshots.list.find((snapshot) => snapshot.disks.some((disk) => disk.deleteInProgress))
  const saved =
    !vm.running &&
    (await (await (await host.connection.reader()).domainLookupByUUID(vm.uuid)).hasManagedSaveImage())
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
    warnedIf(
      'state',
      vm.persistent
        ? null
        : `${vm.name} is transient: when it stops, libvirt forgets the snapshot and that its disks are on overlays. Whoever starts it again must name the overlays.`,
      `libvirt keeps the configuration of ${vm.name}.`,
    ),
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
    await checkAccess(host, vm, [], allowed ? folders : []),
    checkLabels(vm),
    checkAgent(vm, question.quiesce, question.quiesce === 'off' ? null : await host.frozen.read(vm)),
    warnedIf(
      'leftovers',
      halfDeleted ? `The delete of a child of ${halfDeleted.name} was broken off.` : null,
      'Nothing is left of an earlier failure.',
      'Repeat that delete first: see Check & repair.',
    ),
  ]
  const forecast = await readForecast(hostName, ['snapshot'])
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
    fingerprint: fingerprintOf(host.jobs.jobsOf(vm.uuid), vm, snapshots, checks, {
      snapshot: [...question.disks].sort(),
      directory: question.overlayDirectory,
    }),
  }
}

/** A file that is gone lives on in a running QEMU alone. */
function refuseGone(vm: KnownVm, gone: { target: string; path: string } | undefined): PlanCheck {
  const refusal = vm.running
    ? `The file ${gone?.path} of ${gone?.target} is gone; only the running VM still holds it, and an overlay would stand on nothing. Do not stop the VM.`
    : `The file ${gone?.path} of ${gone?.target} is gone: an overlay would stand on nothing.`
  return refusedIf(
    'chain',
    gone === undefined ? null : refusal,
    'Every layer is there.',
    vm.running
      ? `Copy the disk to a new file: virsh blockcopy ${vm.name} ${gone?.target} --dest <new file> --format qcow2 --transient-job --wait --pivot.`
      : 'Put the file back, or restore the disk from a backup.',
  )
}

/** Another VM that runs and has one of these disks open to write, half a sentence; null when there is none. */
async function findWriter(host: Host, vm: KnownVm, disks: readonly XmlDisk[]): Promise<string | null> {
  const paths = disks.flatMap(({ path, shareable }) => (path === null || shareable ? [] : [path]))
  const users = await readFileUsers(host, paths, 'now')
  for (const { target, path } of disks) {
    const own = { host: host.name, vmUuid: vm.uuid, target }
    const use = sharersOf(path === null ? [] : users.of(path), own).find(
      (each) => each.running && each.kind === 'disk',
    )
    if (use)
      return `${path} (${target}) is ${use.isSure ? '' : 'perhaps '}used by ${describeUse(use, host.name)}, which runs`
  }
  return null
}

function checkAgent(vm: KnownVm, quiesce: QuiesceMode, reading: AgentReading | null): PlanCheck {
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
