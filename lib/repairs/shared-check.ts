import 'server-only'
import { subscribe } from '../live/hub.ts'
import { checkHost } from './check-host.ts'
import { checkVm } from './check-vm.ts'
import { SharedLooks } from './shared-looks.ts'
import type { CheckReport } from './types.ts'

interface Shared {
  keyframeCheckLooks?: SharedLooks<CheckReport>
}
// Next evaluates this module up to three times in one process (lib/README.md, “Next.js”).
const shared = globalThis as Shared

function looks(): SharedLooks<CheckReport> {
  if (shared.keyframeCheckLooks) return shared.keyframeCheckLooks
  const made = (shared.keyframeCheckLooks = new SharedLooks())
  subscribe(null, ({ event }) => {
    if (event.type === 'vm' || event.type === 'host') made.changed(event.host)
    if (event.type === 'job' && event.job.endedAtMs !== null) made.changed(event.job.host)
  })
  return made
}

/** What pages show of a host: one look serves all who ask meanwhile, for each reads the whole host. Throws HostDown and VmGone. */
export const sharedHostCheck = (host: string): Promise<CheckReport> =>
  looks().look(host, '', () => checkHost(host))

/** The same of one VM. */
export const sharedVmCheck = (host: string, vmUuid: string): Promise<CheckReport> =>
  looks().look(host, vmUuid, () => checkVm(host, vmUuid))
