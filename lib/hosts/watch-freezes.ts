import 'server-only'
import { publish } from '../live/hub.ts'
import { forgetFreeze, readFreezes } from './freeze-records.ts'
import type { Host } from './host.ts'
import { thawUntilAnswered } from './thaw.ts'

/** Agents asked at once when a host comes back: one that does not answer takes 8 s. */
const AT_ONCE = 4

/**
 * Each time the host comes (back) up, looks for frozen guests. The rule: what Keyframe froze, by its own record, it thaws
 * by itself until the agent answers. A freeze of somebody else is shown with a Thaw button and left: a backup by
 * another tool may rest on it.
 */
export function watchFreezes(host: Host): void {
  host.onUp(() => void look(host).catch(() => undefined))
}

async function look(host: Host): Promise<void> {
  for (const uuid of await readFreezes(host.name)) {
    // Of an operation of this process that is still going on: it ends its freeze itself.
    if (host.frozen.holding.has(uuid)) continue
    void thawUntilAnswered(host, uuid).then((thawed) => (thawed ? forgetFreeze(host.name, uuid) : undefined))
  }
  const waiting = [...(await host.inventory.vms())]
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let vm = waiting.shift(); vm; vm = waiting.shift()) {
        // An answer of before the host was away tells nothing of what happened meanwhile.
        if (!(await host.frozen.probe(vm, 0))) continue
        publish({ type: 'vm', host: host.name, vmUuid: vm.uuid })
        publish({ type: 'host', host: host.name })
      }
    }),
  )
}
