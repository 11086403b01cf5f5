import 'server-only'
import { subscribe } from '../live/hub.ts'
import { perProcess } from '../server/per-process.ts'
import { checkHost } from './check-host.ts'
import { checkVm } from './check-vm.ts'
import { SharedLooks } from './shared-looks.ts'
import type { CheckReport } from './types.ts'

const looks = () =>
  perProcess('repairs/shared-check', () => {
    const made = new SharedLooks<CheckReport>()
    subscribe(null, ({ event }) => {
      if (event.type === 'vm' || event.type === 'host') made.changed(event.host)
      if (event.type === 'job' && event.job.endedAtMs !== null) made.changed(event.job.host)
    })
    return made
  })

/** What pages show of a host: one look serves all who ask meanwhile, for each reads the whole host. Throws HostDown and VmGone. */
export const sharedHostCheck = (host: string): Promise<CheckReport> =>
  looks().look(host, '', () => checkHost(host))

/** The same of one VM. */
export const sharedVmCheck = (host: string, vmUuid: string): Promise<CheckReport> =>
  looks().look(host, vmUuid, () => checkVm(host, vmUuid))
