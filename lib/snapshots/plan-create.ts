import 'server-only'
import { posix } from 'node:path'
import { snapshotRefusal } from '../chains/snapshot-refusal.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { AgentReading } from '../hosts/frozen-guests.ts'
import { filesOf, type KnownVm } from '../hosts/inventory.ts'
import { spelledOtherwise } from '../hosts/next-start.ts'
import { START_LAYERS_MAXIMUM } from '../hosts/start-depth.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { stateWords } from '../hosts/state-words.ts'
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
      layers: disk.path === null ? [] : (await walkChain(host.files, disk.path, disk.format)).layers,
    })),
  )
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
    refusedIf(
      'chain',
      gone
        ? `The file ${gone.path} of ${gone.target} is gone; only the running VM still holds it, and an overlay would stand on nothing. Do not stop the VM.`
        : null,
      'Every layer is there.',
      gone
        ? `Copy the disk to a new file: virsh blockcopy ${vm.name} ${gone.target} --dest <new file> --format qcow2 --transient-job --wait --pivot.`
        : null,
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

function checkAgent(vm: KnownVm, quiesce: QuiesceMode, reading: AgentReading | null): PlanCheck {
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
