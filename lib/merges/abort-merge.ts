import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import { DomainCalls } from '../hosts/described-calls.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { hasBlockJob } from './merged-chain.ts'

/** Ends the block job of a disk: its chain stays as it was. Throws LibvirtError when the job goes on all the same. */
export async function abortMerge(host: Host, uuid: string, target: string, call: LogCall): Promise<true> {
  await requireVm(host.name, uuid)
  await host.connection.operate(async (connect) => {
    const calls = new DomainCalls(host.connection.uri, await connect.domainLookupByUUID(uuid))
    try {
      await call(calls.blockJobAbort(target))
    } catch (error) {
      // It may have ended by itself in the same moment.
      if (!isLibvirtError(error) || (await hasBlockJob(host, uuid, target))) throw error
    }
  })
  host.changed(uuid)
  return true
}
