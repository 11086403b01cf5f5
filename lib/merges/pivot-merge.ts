import 'server-only'
import { isLibvirtError, VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT, VIR_ERR_BLOCK_COPY_ACTIVE } from 'node-libvirt'
import { DomainCalls } from '../hosts/described-calls.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { JobStopped } from '../jobs/saga.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { POLL_MS, waysOut } from './follow-merge.ts'
import { hasBlockJob } from './merged-chain.ts'
import type { PlannedMerge } from './plan-merge.ts'

/** A mirror can fall behind again between "ready" and the pivot: tries of half a second each. */
const PIVOT_TRIES = 60

/** Switches the disk over to its base. Throws JobStopped when libvirt refuses: the mirror goes on, and nothing is lost. */
export async function pivotMerge(
  host: Host,
  uuid: string,
  plan: PlannedMerge,
  merged: () => Promise<boolean>,
  call: LogCall,
): Promise<true> {
  await requireVm(host.name, uuid)
  const { target } = plan
  await host.connection.operate(async (connect) => {
    const calls = new DomainCalls(host.connection.uri, await connect.domainLookupByUUID(uuid))
    for (let tries = 1; ; tries++) {
      try {
        return await call(calls.blockJobAbort(target, VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT))
      } catch (error) {
        if (!isLibvirtError(error)) throw error
        // The job ended without us, by a stop of QEMU for example: what became of it shows in the chain.
        if ((await merged()) || !(await hasBlockJob(host, uuid, target))) return
        if (error.code !== VIR_ERR_BLOCK_COPY_ACTIVE)
          throw new JobStopped(
            `${target} is copied, but libvirt refused the pivot: ${error.message}. The VM goes on with its chain as it was, and the mirror is kept in step.`,
            waysOut(plan),
          )
        if (tries >= PIVOT_TRIES)
          throw new JobStopped(
            `${target} fell behind again at each of ${PIVOT_TRIES} tries to pivot: the guest writes faster than the merge copies. The VM goes on with its chain as it was, and the merge goes on copying.`,
            waysOut(plan),
          )
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    }
  })
  return true
}
