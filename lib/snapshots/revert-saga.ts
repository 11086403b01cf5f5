import 'server-only'
import {
  isLibvirtError,
  VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED,
  VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING,
  type Domain,
} from 'node-libvirt'
import { posix } from 'node:path'
import { explainLock } from '../hosts/busy.ts'
import { DomainCalls } from '../hosts/described-calls.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { holdsInternalSnapshot } from '../hosts/internal-state.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { stateWords } from '../hosts/state-words.ts'
import { isRefusal, Refusal } from '../jobs/refusal.ts'
import type { Saga, SagaContext } from '../jobs/saga.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { redefineSnapshot } from '../merges/reconcile-snapshots.ts'
import { describeFreeze } from './describe-freeze.ts'
import { goneSnapshots } from './gone-snapshots.ts'
import { emptyDrives, fillDrives, fullDrives, type Medium } from './empty-drives.ts'
import { drivesToEmpty } from './revert-rules.ts'
import { markFrozen } from './mark-frozen.ts'
import type { SnapshotRequest } from './snapshot-request.ts'
import { takeSnapshot } from './take-snapshot.ts'
import type { FreezeReport } from './types.ts'

export interface RevertJob {
  host: string
  vm: string
  snapshot: string
  after: 'running' | 'paused' | 'off'
  safety: SnapshotRequest | null
  /** Where each disk wrote to before. */
  paths: { target: string; path: string | null }[]
  /** Snapshots that stay. */
  keeps: string[]
  /** The VM's state before. */
  before: 'running' | 'paused' | 'off'
  /** Drives of the snapshot's definition that are emptied for it: libvirt would lay an overlay on what is in them. */
  emptied: Medium[]
}

const POLL_MS = 500
/** Starting QEMU again after a revert takes 2 s here; a large memory image more. */
const REVERT_DEADLINE_MS = 10 * 60_000
/** libvirt names overlays by the second: two reverts within one collide (lib/hosts/LIBVIRT.md, “Snapshots”). */
const NEXT_SECOND_MS = 1_100

/**
 * Revert to a snapshot.
 * | step   | do                                          | done when                                                      |
 * | safety | take a snapshot of what will be discarded   | a snapshot of that name exists                                 |
 * | empty  | empty the drives of the snapshot's definition | they are empty                                               |
 * | revert | virDomainRevertToSnapshot                   | it is the current one, and the disks write to other files; one inside an image is gone to again |
 * | fill   | put the media into the definition again     | they are there                                                 |
 * | settle | start or stop, where libvirt's flag did not | the state is the one asked for                                 |
 * Undo: revert to the safety snapshot, where there is one.
 */
export const revertSaga: Saga<RevertJob> = {
  kind: 'revert',
  version: '4',
  // Begun again later it would discard what was written since, with the safety snapshot of then.
  canRetry: false,
  takesOver: {
    1: (input) => ({ ...olderRevert(input), emptied: [] }),
    2: (input) => ({ ...olderRevert(input), emptied: [] }),
    3: olderRevert,
  },
  async run(context) {
    const { input, step, waitFor, progress } = context
    const lines: string[] = []
    if (input.safety) {
      const { safety } = input
      await progress(null, 'Taking the safety snapshot')
      const freeze = await step<FreezeReport>('safety', {
        isDone: async () =>
          (await names(input)).includes(safety.name)
            ? { frozen: false, reason: 'Keyframe was restarted meanwhile and can’t tell.' }
            : null,
        do: async (call) =>
          takeSnapshot((await requireVm(input.host, input.vm)).host, input.vm, safety, call).catch(
            (error: unknown) => {
              throw isLibvirtError(error)
                ? new Refusal(`Nothing was reverted, because the safety snapshot failed: ${error.message}`)
                : error
            },
          ),
      })
      await step('note what it froze', {
        do: async () => {
          await markFrozen((await requireVm(input.host, input.vm)).host, input.vm, safety.name)
          return true
        },
      })
      lines.push(`Safety snapshot ${safety.name} taken. ${describeFreeze(freeze)}`)
    }
    await progress(null, `Reverting to ${input.snapshot}`)
    if (input.emptied.length > 0)
      await step('empty the drives', { do: (call) => emptyAll(context, input, call) })
    // A revert changes nothing of this, so one answer serves all steps.
    const { inside } = await waitFor(
      'look at the snapshot',
      async () => ({ inside: await isInternal(input) }),
      POLL_MS,
    )
    await step('revert', {
      // Of one inside an image nothing tells a revert from a guest that wrote nothing since: done again it harms nobody.
      isDone: async () => (inside || !(await isReverted(input)) ? null : true),
      do: (call) =>
        revert(input, call).catch(async (error: unknown) => {
          // The snapshot is what it was, also where the revert failed.
          await fillAll(context, input, call).catch(() => undefined)
          throw error
        }),
    })
    if (input.emptied.length > 0)
      await step('fill the drives', { do: (call) => fillAll(context, input, call) })
    if (inside) await step('compare', { do: () => verify(input) })
    await step('settle', { do: (call) => settle(input, call) })
    if (!inside) await step('verify', { do: () => verify(input) })
    await context.differ(await step('compare with the plan', { do: () => readDifferences(input) }))
    return [
      `Reverted to ${input.snapshot}; the VM is ${input.after === 'off' ? 'off' : input.after}.`,
      ...lines,
      ...input.emptied.map(
        ({ target, path }) => `The drive ${target} is empty now: ${posix.basename(path)} was in it then.`,
      ),
    ]
  },
  async offerUndo(input) {
    return input.safety &&
      (await names(input)).includes(input.safety.name) &&
      !(await isReverted(back(input)))
      ? `Reverts to the safety snapshot ${input.safety.name}: the VM is as it was before.`
      : null
  },
  async undo(context) {
    const { input, step, progress } = context
    const undone = back(input)
    await progress(null, `Reverting to ${undone.snapshot}`)
    // The safety snapshot has whatever was in the drives, too.
    undone.emptied = await step('plan the way back', { do: () => drivesThen(undone) })
    if (undone.emptied.length > 0)
      await step('empty the drives', { do: (call) => emptyAll(context, undone, call) })
    await step('revert back', {
      isDone: async () => ((await isReverted(undone)) ? true : null),
      do: (call) =>
        revert(undone, call).catch(async (error: unknown) => {
          await fillAll(context, undone, call).catch(() => undefined)
          throw error
        }),
    })
    if (undone.emptied.length > 0)
      await step('fill the drives', { do: (call) => fillAll(context, undone, call) })
    await step('settle', { do: (call) => settle(undone, call) })
    await step('verify', { do: () => verify(undone) })
    return [`Undone: reverted to the safety snapshot ${undone.snapshot}; the VM is ${undone.after}.`]
  },
}

/** The revert that takes this one back: to the safety snapshot, in the state that the VM was in. */
const back = (input: RevertJob): RevertJob => ({
  ...input,
  snapshot: input.safety?.name ?? '',
  safety: null,
  after: input.before,
  paths: [],
  emptied: [],
})

/** libvirt's word is not enough: the disks must write above the snapshot now. */
async function verify(input: RevertJob): Promise<true> {
  const { host } = await requireVm(input.host, input.vm)
  host.changed(input.vm)
  if (!(await isReverted(input)))
    throw new Refusal(
      `libvirt reported the revert as done, but the disks do not hold what ${input.snapshot} froze. Look at the chain before you rely on it.`,
    )
  return true
}

const STATES: Readonly<Record<string, RevertJob['after']>> = {
  running: 'running',
  blocked: 'running',
  paused: 'paused',
  'shut off': 'off',
}

/** Where the outcome is not what the plan said. */
async function readDifferences(input: RevertJob): Promise<string[]> {
  const { host } = await requireVm(input.host, input.vm)
  const domain = await (await host.connection.reader()).domainLookupByUUID(input.vm)
  const { state } = await domain.getState()
  return [
    ...(STATES[state] === input.after
      ? []
      : [`The plan said that the VM is ${input.after} afterwards: it is ${stateWords(state)}.`]),
    ...goneSnapshots(input.keeps, await names(input)),
  ]
}

async function names(input: RevertJob): Promise<string[]> {
  const { host } = await requireVm(input.host, input.vm)
  return (await readSnapshots(await host.connection.reader(), input.vm)).list.map((snapshot) => snapshot.name)
}

/** Each disk of the snapshot writes to a new layer whose backing file is what the snapshot froze. */
async function isReverted(input: RevertJob): Promise<boolean> {
  const { host, vm } = await requireVm(input.host, input.vm)
  host.files.forget()
  const { list, current } = await readSnapshots(await host.connection.reader(), input.vm)
  if (current !== input.snapshot) return false
  const snapshot = list.find((each) => each.name === input.snapshot)
  for (const disk of snapshot?.disks ?? []) {
    if (disk.kind === 'internal') {
      const holds =
        disk.frozenPath !== null &&
        (await holdsInternalSnapshot(host.files, disk.frozenPath, input.snapshot)) === true
      if (
        !holds ||
        vm.description?.disks.find((each) => each.target === disk.target)?.path !== disk.frozenPath
      )
        return false
    }
    if (disk.kind !== 'external') continue
    const path = vm.description?.disks.find((each) => each.target === disk.target)?.path ?? null
    // Already on a fresh layer of this snapshot before: only another file proves that the revert was done.
    if (
      path === null ||
      path === input.paths.find((each) => each.target === disk.target)?.path ||
      input.safety?.disks.some((each) => each.overlayPath === path)
    )
      return false
    const reading = await host.files.read(path, 0)
    if (reading.kind !== 'found' || reading.backing?.path !== disk.frozenPath) return false
  }
  return true
}

/** Whether it lies inside the VM's images. */
async function isInternal(input: RevertJob): Promise<boolean> {
  const { host } = await requireVm(input.host, input.vm)
  const { list } = await readSnapshots(await host.connection.reader(), input.vm)
  return (
    list.find((each) => each.name === input.snapshot)?.disks.some((disk) => disk.kind === 'internal') === true
  )
}

/** Jobs of before a paused VM was told from a running one. */
function olderRevert(input: unknown): RevertJob {
  const { wasRunning, ...job } = input as RevertJob & { wasRunning: boolean }
  return { ...job, keeps: [], before: wasRunning ? 'running' : 'off' }
}

/** What is in the drives of the snapshot's definition; none when the snapshot is gone. */
async function drivesThen({ host: hostName, vm, snapshot }: RevertJob): Promise<Medium[]> {
  const { host } = await requireVm(hostName, vm)
  const { list } = await readSnapshots(await host.connection.reader(), vm)
  const found = list.find((each) => each.name === snapshot)
  return found ? drivesToEmpty(found) : []
}

const fullKey = (input: RevertJob) => `drives of ${input.snapshot}`

/** How they stood is kept first: what was in one may be a file, a device or a volume. */
async function emptyAll(context: SagaContext<RevertJob>, input: RevertJob, call: LogCall): Promise<true> {
  const { host } = await requireVm(input.host, input.vm)
  if (typeof (await context.kept(fullKey(input))) !== 'string') {
    const domain = (await host.connection.reader()).domainReference(input.vm)
    const xml = await (await domain.snapshotLookupByName(input.snapshot)).getXMLDesc()
    await context.keep(fullKey(input), JSON.stringify(fullDrives(xml, input.emptied)))
  }
  return changeDefinition(input, emptyDrives, call)
}

async function fillAll(context: SagaContext<RevertJob>, input: RevertJob, call: LogCall): Promise<true> {
  const kept = await context.kept(fullKey(input))
  const full = typeof kept === 'string' ? (JSON.parse(kept) as string[]) : []
  return changeDefinition(input, (xml, media) => fillDrives(xml, media, full), call)
}

async function changeDefinition(
  input: RevertJob,
  change: (xml: string, media: readonly Medium[]) => string,
  call: LogCall,
): Promise<true> {
  const { host } = await requireVm(input.host, input.vm)
  await host.connection.operate(async (connect) =>
    redefineSnapshot(
      await connect.domainLookupByUUID(input.vm),
      input.snapshot,
      (xml) => change(xml, input.emptied),
      { uri: host.connection.uri, call },
    ),
  )
  return true
}

const AFTER_FLAGS = {
  running: VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING,
  paused: VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED,
  off: undefined,
} as const satisfies Record<RevertJob['after'], unknown>

async function revert(input: RevertJob, call: LogCall): Promise<true> {
  const { host, vm } = await requireVm(input.host, input.vm)
  const inside = await isInternal(input)
  if (!inside) await new Promise((resolve) => setTimeout(resolve, NEXT_SECOND_MS))
  await host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByUUID(input.vm)
    const snapshot = await domain.snapshotLookupByName(input.snapshot)
    const calls = new DomainCalls(host.connection.uri, domain)
    try {
      await call(
        // Paused, an image can be compared with its snapshot before the guest writes.
        calls.revertToSnapshot(
          snapshot,
          inside ? VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED : AFTER_FLAGS[input.after],
          {
            deadlineMs: REVERT_DEADLINE_MS,
          },
        ),
      )
    } catch (error) {
      if (!isLibvirtError(error)) throw error
      const locked = explainLock(error, vm.name)
      if (isRefusal(locked)) throw locked
      throw new Refusal(`The revert failed: ${error.message}. ${await rescue(host, domain, input, call)}`)
    }
  })
  return true
}

/** A failed revert has stopped the guest already (lib/hosts/LIBVIRT.md, “Snapshots”): start it again on its own disks. */
async function rescue(host: Host, domain: Domain, input: RevertJob, call: LogCall): Promise<string> {
  host.changed(input.vm)
  if (input.before === 'off') return 'The VM is as it was.'
  if ((await domain.getState()).state !== 'shut off') return 'The VM still runs.'
  try {
    await call(new DomainCalls(host.connection.uri, domain).create())
    return 'It had stopped the VM; Keyframe started it again.'
  } catch (error) {
    return `It has stopped the VM, and starting it again failed, too: ${(error as Error).message}`
  }
}

async function settle(input: RevertJob, call: LogCall): Promise<true> {
  const { host } = await requireVm(input.host, input.vm)
  await host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByUUID(input.vm)
    const { state } = await domain.getState()
    const calls = new DomainCalls(host.connection.uri, domain)
    if (input.after === 'off' && state !== 'shut off') await call(calls.destroy())
    if (input.after !== 'off' && state === 'shut off') await call(calls.create())
    if (input.after === 'running' && state === 'paused') await call(calls.resume())
  })
  return true
}
