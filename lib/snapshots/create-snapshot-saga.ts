import 'server-only'
import { randomUUID } from 'node:crypto'
import { isLibvirtError } from 'node-libvirt'
import { explainLock } from '../hosts/busy.ts'
import { requireVm } from '../hosts/find-vm.ts'
import { thawUntilAnswered } from '../hosts/thaw.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { Saga } from '../jobs/saga.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { describeFreeze } from './describe-freeze.ts'
import { markFrozen } from './mark-frozen.ts'
import type { SnapshotRequest } from './snapshot-request.ts'
import { takeSnapshot } from './take-snapshot.ts'
import type { FreezeReport } from './types.ts'

/** Differs between two runs of Keyframe. */
const PROCESS = randomUUID()

export interface CreateSnapshotJob {
  host: string
  vm: string
  request: SnapshotRequest
}

/**
 * Take one snapshot.
 * | step   | do                                        | done when                                            |
 * | begin  | note which process freezes the guest        | (own record)                                         |
 * | create | freeze, switch all disks, thaw (libvirt)  | a snapshot of this name holds exactly these overlays |
 * | verify | every disk writes to its overlay; note when what was frozen was last changed | (each look is new) |
 * There is no undo: a snapshot that was taken can be deleted, one that failed has changed nothing.
 */
export const createSnapshotSaga: Saga<CreateSnapshotJob> = {
  kind: 'snapshot',
  version: '2',
  takesOver: { 1: (input) => input as CreateSnapshotJob },
  async run(context) {
    const { input, step, progress } = context
    const { request } = input
    await progress(
      null,
      request.quiesce === 'off' ? 'Taking the snapshot' : 'Freezing the guest and taking the snapshot',
    )
    const begunBy = await step('begin', { do: async () => PROCESS })
    const freeze = await step<FreezeReport>('create', {
      isDone: async () =>
        (await exists(input))
          ? { frozen: false, reason: 'Keyframe was restarted meanwhile and can’t tell.' }
          : null,
      do: (call) => createOrExplain(input, begunBy !== PROCESS, call),
    })
    const targets = request.disks.flatMap((disk) => (disk.overlayPath === null ? [] : [disk.target]))
    await step('verify', { do: () => verify(input) })
    if (freeze.frozen && freeze.thawError !== undefined)
      await context.differ([`At the thaw the guest agent reported: ${freeze.thawError}.`])
    return [
      `Snapshot ${request.name} taken: ${targets.join(', ')}${targets.length > 1 ? ', all caught at one moment' : ''}.`,
      describeFreeze(freeze),
    ]
  },
}

/** Asked of libvirt, for after a crash: was it this snapshot that was taken? */
async function exists({ host: hostName, vm, request }: CreateSnapshotJob): Promise<boolean> {
  const { host } = await requireVm(hostName, vm)
  const { list } = await readSnapshots(await host.connection.reader(), vm)
  const found = list.find((snapshot) => snapshot.name === request.name)
  return (
    found !== undefined &&
    request.disks.every(
      (disk) =>
        (found.disks.find((each) => each.target === disk.target)?.overlayPath ?? null) === disk.overlayPath,
    )
  )
}

async function createOrExplain(
  { host: hostName, vm: uuid, request }: CreateSnapshotJob,
  isRepeated: boolean,
  call: LogCall,
): Promise<FreezeReport> {
  const { host, vm } = await requireVm(hostName, uuid)
  // A process that died, or a libvirtd, may have left the guest frozen by us: thawed first, else it would pass for
  // someone else's freeze.
  if (isRepeated && request.quiesce !== 'off' && vm.state === 'running' && vm.description?.hasAgentChannel)
    await thawUntilAnswered(host, uuid)
  await host.frozen.settled(uuid)
  try {
    return await takeSnapshot(host, uuid, request, call)
  } catch (error) {
    host.changed(uuid)
    if (!isLibvirtError(error)) throw error
    const locked = explainLock(error, vm.name)
    if (locked !== error) throw locked
    if (/no space left/i.test(error.message))
      throw new Refusal(`No snapshot was taken: the file system for the overlays is full (${error.message}).`)
    if (/read-only file system|permission denied/i.test(error.message))
      throw new Refusal(
        `No snapshot was taken: libvirt may not write where the overlays would go (${error.message}).`,
      )
    throw new Refusal(`No snapshot was taken: ${error.message}`)
  }
}

/** libvirt's word is not enough: each disk must now write to its overlay. */
async function verify({ host: hostName, vm: uuid, request }: CreateSnapshotJob): Promise<true> {
  const { host, vm } = await requireVm(hostName, uuid)
  host.changed(uuid)
  for (const disk of request.disks) {
    const now = vm.description?.disks.find((each) => each.target === disk.target)?.path
    if (disk.overlayPath !== null && now !== disk.overlayPath)
      throw new Refusal(
        `libvirt reported the snapshot as taken, but ${disk.target} writes to ${now ?? 'nothing'} instead of ${disk.overlayPath}. Look at the chain before you rely on it.`,
      )
  }
  await markFrozen(host, uuid, request.name)
  // libvirt switches the configuration for the next start only where it names the same file to the letter.
  const stale = request.disks.find(
    (disk) =>
      disk.overlayPath !== null &&
      vm.next?.disks.find((each) => each.target === disk.target)?.path !== disk.overlayPath,
  )
  if (vm.next && stale)
    throw new Refusal(
      `The snapshot ${request.name} was taken, but the configuration for the next start still has ${stale.target} on another file than ${stale.overlayPath}. Bring it in line before the VM stops: what is written from now on would be missing.`,
    )
  return true
}
