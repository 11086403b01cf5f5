import 'server-only'
import type { Host } from './host.ts'
import { freezeNow } from './thaw-once.ts'

/** ms between two attempts to thaw. */
const THAW_RETRY_MS = 1_000
/** A freeze that was given up on happens when the agent comes to it: we go on trying this long. */
const THAW_LIMIT_MS = 10 * 60_000

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/**
 * Thaws until the agent says that nothing is frozen, across lost connections, for at most 10 minutes; meanwhile the VM
 * counts as frozen and its page says so. A guest that is paused in the
 * middle of a freeze is waited for. Resolves with true when it is thawed, or is off.
 */
export function thawUntilAnswered(host: Host, uuid: string): Promise<boolean> {
  return host.frozen.thaw(uuid, () => untilAnswered(host, uuid))
}

async function untilAnswered(host: Host, uuid: string): Promise<boolean> {
  let endMs = Date.now() + THAW_LIMIT_MS
  host.frozen.setFrozen(uuid, true)
  host.changed(uuid)
  while (Date.now() < endMs) {
    try {
      const found = await host.connection.operate(async (connect) =>
        freezeNow(await connect.domainLookupByUUID(uuid)),
      )
      // A paused guest freezes when it goes on: its time does not run meanwhile.
      if (found === 'paused') endMs = Date.now() + THAW_LIMIT_MS
      if (found === 'thawed') {
        host.frozen.setFrozen(uuid, false)
        host.changed(uuid)
        return true
      }
    } catch {
      // The host is unreachable or the VM is gone; the host's next answer tells.
    }
    await sleep(THAW_RETRY_MS)
  }
  return false
}
