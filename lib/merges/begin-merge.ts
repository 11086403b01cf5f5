import 'server-only'
import {
  isLibvirtError,
  VIR_DOMAIN_BLOCK_COMMIT_ACTIVE,
  VIR_DOMAIN_BLOCK_COMMIT_RELATIVE,
} from 'node-libvirt'
import { explainLock } from '../hosts/busy.ts'
import { DomainCalls } from '../hosts/described-calls.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { isRefusal, Refusal } from '../jobs/refusal.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { readDiskPaths } from './disk-paths.ts'
import type { MergeJob } from './merge-job.ts'
import type { PlannedMerge } from './plan-merge.ts'
import { clearTaint } from '../situation/tainted-layers.ts'

/**
 * Begins the block job of one disk. `ownTaint`: the record of this very run, which goes when libvirt refuses; null in a later
 * run of the job, whose first may have changed the base.
 *  Throws Refusal when the chain is not the planned one, or libvirt refuses: nothing has changed then.
 */
export async function beginMerge(
  host: Host,
  { vm: uuid, bandwidthBytesPerSecond }: MergeJob,
  plan: PlannedMerge,
  ownTaint: string | null,
  call: LogCall,
): Promise<true> {
  const { vm } = await requireVm(host.name, uuid)
  const paths = await readDiskPaths(host.name, uuid, plan.target)
  const isActive = paths.at(-1) === plan.topPath
  try {
    if (!paths.includes(plan.topPath) || (plan.basePath !== null && !paths.includes(plan.basePath)))
      throw new Refusal(
        `The chain of ${plan.target} changed since the plan was made. Nothing was done; look at it and plan again.`,
      )
    await host.connection.operate(async (connect) => {
      const calls = new DomainCalls(host.connection.uri, await connect.domainLookupByUUID(uuid))
      if (plan.direction === 'pull')
        return call(calls.blockRebase(plan.target, plan.basePath, bandwidthBytesPerSecond))
      const above = isActive ? undefined : paths[paths.indexOf(plan.topPath) + 1]
      const relative = above !== undefined && (await isRelative(host, above))
      return call(
        calls.blockCommit(
          plan.target,
          plan.basePath,
          isActive ? null : plan.topPath,
          bandwidthBytesPerSecond,
          [
            ...(isActive ? [VIR_DOMAIN_BLOCK_COMMIT_ACTIVE] : []),
            ...(relative ? [VIR_DOMAIN_BLOCK_COMMIT_RELATIVE] : []),
          ],
        ),
      )
    })
  } catch (error) {
    if (!isLibvirtError(error) && !isRefusal(error)) throw error
    // Refused before the first byte; an older record of this layer stays true.
    if (ownTaint !== null && plan.basePath !== null && plan.direction === 'commit')
      await clearTaint(host.name, plan.basePath, ownTaint)
    const locked = explainLock(error, vm.name)
    if (isRefusal(locked)) throw locked
    throw new Refusal(
      `The merge of ${plan.target} was not begun: ${explainImageLock((error as Error).message)}`,
    )
  }
  return true
}

/** QEMU's own lock in the user's words. */
function explainImageLock(message: string): string {
  return /Failed to get ".*" lock|Is another process using the image/i.test(message)
    ? `another process holds one of its images (qemu-img, an NBD server, or a VM of another host). Find it on the host with lsof or fuser. libvirt: ${message}`
    : message
}

/** The layer above a committed one names it; a relative name is kept relative. */
async function isRelative(host: Host, path: string): Promise<boolean> {
  const reading = await host.files.read(path)
  return (
    reading.kind === 'found' &&
    reading.backing !== null &&
    !/^(\/|[a-z][a-z0-9+.-]*:)/i.test(reading.backing.name)
  )
}
