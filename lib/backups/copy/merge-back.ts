import 'server-only'
import {
  isLibvirtError,
  VIR_DOMAIN_BLOCK_COMMIT_ACTIVE,
  VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT,
  VIR_DOMAIN_START_PAUSED,
  VIR_ERR_BLOCK_COPY_ACTIVE,
} from 'node-libvirt'
import { readBlockJob } from '../../hosts/block-job.ts'
import { DomainCalls } from '../../hosts/described-calls.ts'
import { requireVm } from '../../hosts/find-vm.ts'
import type { Host } from '../../hosts/host.ts'
import type { BlockJobView } from '../../hosts/types.ts'
import { JobStopped } from '../../jobs/saga.ts'
import type { LogCall } from '../../jobs/step-log.ts'
import { removeUnusedFiles } from '../../merges/remove-files.ts'
import { forgetLayers } from '../../storage/own-layers.ts'
import type { CopyContext, CopyDisk } from './copy-job.ts'

const POLL_MS = 300
/** Should the VM stop or start in the middle, the merge is begun anew so often. */
const TRIES = 3
/** A mirror can fall behind again between "ready" and the pivot. */
const PIVOT_TRIES = 100
const STOP_LOOKS = 5

type MergeLook = 'merged' | 'ready' | 'off' | 'gone'

/** Where a disk stands: on its own image again, or still on the overlay. */
async function lookAt(hostName: string, uuid: string, disk: CopyDisk): Promise<MergeLook | 'runs'> {
  const { host, vm } = await requireVm(hostName, uuid)
  const now = vm.description?.disks.find((each) => each.target === disk.target)
  if (now?.path !== disk.overlayPath) return 'merged'
  if (!vm.running) return 'off'
  const job = await host.inspection
    .inspect(uuid, (domain) => readBlockJob(domain, disk.target))
    .catch(async (error: unknown) => {
      if (isLibvirtError(error) && (await stopsNow(host, uuid))) return 'off' as const
      throw error
    })
  if (job === 'off') return 'off'
  if (job === null) return 'gone'
  return job.ready ? 'ready' : 'runs'
}

const copies = (jobs: readonly BlockJobView[], target: string): boolean =>
  jobs.some((job) => job.target === target && !job.ready)

/** A VM whose QEMU has just died answers in many ways before libvirt knows that it is off. True once it does, within a moment. */
async function stopsNow(host: Host, uuid: string): Promise<boolean> {
  for (let looks = 1; looks <= STOP_LOOKS; looks++) {
    if ((await host.inventory.vmNow(uuid))?.running === false) return true
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return false
}

/** True while a disk of the VM writes to an overlay of this job. */
export const isOnOverlay = async (hostName: string, uuid: string, disk: CopyDisk): Promise<boolean> =>
  (await lookAt(hostName, uuid, disk)) !== 'merged'

/**
 * Merges the overlay of a disk back into the image that it froze, and removes it. Nothing but this job read the frozen image as it was, so
 * no restore point is lost by it. A VM that has stopped meanwhile is started paused for it and stopped again, as libvirt itself
 * does to delete a snapshot of a stopped VM: its guest does not run. Resolves with why the overlay's file stays, where it does. Throws JobStopped when it can't be merged: the VM goes on, on its overlay.
 */
export async function mergeBack(context: CopyContext, host: Host, disk: CopyDisk): Promise<string[]> {
  const { input, step } = context
  const { target } = disk
  const find = () => lookAt(input.host, input.vm, disk)
  const isMerged = async () => ((await find()) === 'merged' ? true : null)
  for (let tries = 1; ; tries++) {
    const suffix = tries === 1 ? '' : `, try ${tries}`
    const stops = await step(`merge ${target} back${suffix}`, {
      isDone: async () => ((await isMerged()) ? false : null),
      do: (call) => begin(context, host, disk, call),
    })
    const end = await context.waitFor(`merge ${target} back${suffix}`, async () => {
      const found = await find()
      if (found !== 'runs') return found
      while (copies(await host.jobs.next(input.vm), target));
      return null
    })
    if (end === 'ready')
      await step(`pivot ${target}${suffix}`, {
        isDone: isMerged,
        do: (call) => pivot(host, input.vm, disk, isMerged, call),
      })
    const after = await context.waitFor(
      `look at ${target}${suffix}`,
      async () => ({ found: await find() }),
      POLL_MS,
    )
    if (stops)
      await step(`stop the VM again after ${target}${suffix}`, {
        do: (call) => stopIfPaused(host, input.vm, call),
      })
    if (after.found === 'merged') break
    if (tries >= TRIES)
      throw stopped(disk, `the merge ended ${TRIES} times before its end, possibly for lack of space`)
  }
  const { kept } = await step(`remove the overlay of ${target}`, {
    do: async (call) => {
      const removal = await removeUnusedFiles(host, [disk.overlayPath], call, { ofThisJob: true })
      // A file that stays holds nothing that its base has not.
      await forgetLayers(host.name, [disk.overlayPath])
      return removal
    },
  })
  host.changed(input.vm)
  return kept
}

const stopped = (disk: CopyDisk, why: string) =>
  new JobStopped(
    `The overlay of ${disk.target} (${disk.overlayPath}) could not be merged back: ${why}. Nothing is lost: the disk consists of it and ${disk.layers[0]!.path}. See to the reason, then undo.`,
    [
      {
        act: 'undo',
        sentence: `Merges the overlay of ${disk.target} back and removes what was begun in the target.`,
      },
    ],
  )

/** Begins the merge. True when the VM was started paused for it. */
async function begin(context: CopyContext, host: Host, disk: CopyDisk, call: LogCall): Promise<boolean> {
  const { input } = context
  const { vm } = await requireVm(input.host, input.vm)
  const key = `started paused for ${disk.target}`
  try {
    await host.connection.operate(async (connect) => {
      const domain = await connect.domainLookupByUUID(input.vm)
      const calls = new DomainCalls(host.connection.uri, domain)
      if (!vm.running) {
        await context.keep(key, true)
        await call(calls.create(VIR_DOMAIN_START_PAUSED))
      }
      // Of a process before this one.
      if ((await domain.getBlockJobInfo(disk.target)) !== null) return
      await call(
        calls.blockCommit(disk.target, disk.layers[0]!.path, null, 0, [VIR_DOMAIN_BLOCK_COMMIT_ACTIVE]),
      )
    })
  } catch (error) {
    if (!isLibvirtError(error)) throw error
    // Of one that stopped in this moment the next try finds it off.
    if (!vm.running || !(await stopsNow(host, input.vm))) throw stopped(disk, error.message)
  }
  return (await context.kept(key)) === true
}

async function pivot(
  host: Host,
  uuid: string,
  disk: CopyDisk,
  isMerged: () => Promise<true | null>,
  call: LogCall,
): Promise<true> {
  await host.connection.operate(async (connect) => {
    const calls = new DomainCalls(host.connection.uri, await connect.domainLookupByUUID(uuid))
    for (let tries = 1; ; tries++) {
      try {
        return await call(calls.blockJobAbort(disk.target, VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT))
      } catch (error) {
        if (!isLibvirtError(error)) throw error
        // What became of it shows in the chain; a VM that stopped is begun with anew.
        if ((await isMerged()) || error.code !== VIR_ERR_BLOCK_COPY_ACTIVE) return
        if (tries >= PIVOT_TRIES) throw stopped(disk, 'its guest writes faster than the merge copies')
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    }
  })
  return true
}

/** One that somebody has let go on meanwhile is theirs. */
async function stopIfPaused(host: Host, uuid: string, call: LogCall): Promise<true> {
  await host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByUUID(uuid)
    if ((await domain.getState()).state === 'paused')
      await call(new DomainCalls(host.connection.uri, domain).destroy())
  })
  return true
}
