import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import { DomainCalls } from '../hosts/described-calls.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { stateWords } from '../hosts/state-words.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { LogCall } from '../jobs/step-log.ts'
import type { PlannedMerge } from './plan-merge.ts'
import { pullByHelper } from './pull-by-helper.ts'

const SETTLE_MS = 1_000
const RESUME_TRIES = 30

/**
 * The end of a pull. At its end QEMU takes the backing file out of the image's header at once, but the tables that say where
 * the pulled data lies are only in its memory until the next flush: killed then, even 5 s later, all that was pulled is
 * gone and `qemu-img check` finds nothing (measured with QEMU 10.0.2, 6 of 6 times; e2e/faults/README.md). So
 * - the guest is stopped and let go on, a few ms: QEMU flushes when it stops its vCPUs;
 * - a VM that was lost before that is not believed: a helper pulls again, from the old layers, which are still there.
 * `runningId` is libvirt's id of the VM when the pull was begun. Throws Refusal when the VM was lost and is running
 * again: its guest may see a disk with holes.
 */
export async function flushPull(
  host: Host,
  uuid: string,
  plan: PlannedMerge,
  runningId: number,
  call: LogCall,
  onProgress: (percent: number | null) => Promise<void>,
): Promise<true> {
  const refused = await stopAndGoOn(host, uuid, runningId, call)
  host.changed(uuid)
  if (refused === null) return true
  const now = (await requireVm(host.name, uuid)).vm
  if (refused.isThere)
    throw new Refusal(
      `What was pulled into ${plan.topPath} is not made safe yet: ${now.name} could not be stopped for a moment and let go on (${refused.message}). No file was removed. See that it runs, and retry this job before it is stopped.`,
    )
  if (now.running)
    throw new Refusal(
      `${now.name} was lost at the very end of the pull into ${plan.topPath} and is running again: its disk ${plan.target} may have holes where the pulled data should be. Shut it down at once, and retry this job: what was pulled still lies in ${plan.chainBefore
        .slice(0, -1)
        .map((layer) => layer.path)
        .join(', ')}.`,
    )
  // Begun by a Keyframe that did not know of this.
  if (plan.chainBefore.length === 0)
    throw new Refusal(
      `${now.name} was lost at the very end of the pull into ${plan.topPath}, and what lay below is not on record: don’t start it before its disk was compared. No file was removed.`,
    )
  const below = plan.chainBefore.slice(0, -1).reverse()
  await pullByHelper(
    host,
    { vmUuid: uuid, path: plan.topPath, below, basePath: plan.basePath },
    call,
    onProgress,
  )
  host.changed(uuid)
  return true
}

/** Stops the guest and lets it go on, which makes QEMU flush; null when that was done, else why not and whether the VM still runs. */
async function stopAndGoOn(
  host: Host,
  uuid: string,
  runningId: number,
  call: LogCall,
): Promise<{ message: string; isThere: boolean } | null> {
  return host.connection.operate(async (connect) => {
    const idNow = async () => (await connect.domainLookupByUUID(uuid)).id
    // -1 is a VM that is off: begun again after it was lost.
    if (runningId === -1 || (await idNow()) !== runningId) return { message: 'it was lost', isThere: false }
    const domain = await connect.domainLookupByUUID(uuid)
    const calls = new DomainCalls(host.connection.uri, domain)
    try {
      // To suspend it again would flush nothing, and to let it go on is not ours.
      const { state } = await domain.getState()
      // libvirt stops no guest that sleeps, and to wake it up is not ours either.
      if (state === 'pmsuspended')
        return {
          message: `it is ${stateWords(state)}: wake it up first`,
          isThere: (await idNow()) === runningId,
        }
      if (state === 'paused')
        return { message: 'it is paused: resume it first', isThere: (await idNow()) === runningId }
      await call(calls.suspend())
      await goOn(() => call(calls.resume()))
      // Lost in between it may not have flushed.
      return (await idNow()) === runningId ? null : { message: 'it was lost', isThere: false }
    } catch (error) {
      if (!isLibvirtError(error)) throw error
      // libvirtd may learn of QEMU's end a moment after the call has failed of it.
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
      return { message: error.message, isThere: (await idNow()) === runningId }
    }
  })
}

/** A guest that we stopped must not stay so because libvirt was busy for a moment. */
async function goOn(resume: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await resume()
    } catch (error) {
      if (!isLibvirtError(error) || tries >= RESUME_TRIES) throw error
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    }
  }
}
