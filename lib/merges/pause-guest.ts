import 'server-only'
import { DomainCalls } from '../hosts/described-calls.ts'
import type { Host } from '../hosts/host.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { LogCall } from '../jobs/step-log.ts'

/** Stops the guest's vCPUs, so that a merge can catch up with its writes. */
export const pauseGuest = (host: Host, uuid: string, call: LogCall): Promise<true> =>
  act(host, uuid, 'suspend', call)

/** Lets it go on. */
export const resumeGuest = (host: Host, uuid: string, call: LogCall): Promise<true> =>
  act(host, uuid, 'resume', call)

async function act(host: Host, uuid: string, what: 'suspend' | 'resume', call: LogCall): Promise<true> {
  const { vm } = await requireVm(host.name, uuid)
  const wanted = what === 'suspend' ? 'running' : 'paused'
  if (vm.state === wanted) {
    await host.connection.operate(async (connect) => {
      const calls = new DomainCalls(host.connection.uri, await connect.domainLookupByUUID(uuid))
      await call(calls[what]())
    })
  }
  host.changed(uuid)
  return true
}
