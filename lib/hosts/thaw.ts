import 'server-only'
import type { Host } from './host.ts'
import { thawOnce } from './thaw-once.ts'

/** ms between two attempts to thaw. */
const THAW_RETRY_MS = 1_000
/** A freeze that was given up on happens when the agent comes to it: we go on trying this long. */
const THAW_LIMIT_MS = 10 * 60_000

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/**
 * Thaws until the agent says that nothing is frozen, across lost connections, for at most 10 minutes; meanwhile the VM
 * counts as frozen and its page says so. Resolves with true when it is thawed, or is not running any more.
 */
export function thawUntilAnswered(host: Host, uuid: string): Promise<boolean> {
  return host.frozen.thaw(uuid, () => untilAnswered(host, uuid))
}

async function untilAnswered(host: Host, uuid: string): Promise<boolean> {
  const endMs = Date.now() + THAW_LIMIT_MS
  host.frozen.setFrozen(uuid, true)
  host.changed(uuid)
  while (Date.now() < endMs) {
    try {
      const thawed = await host.connection.operate(async (connect) => {
        const domain = await connect.domainLookupByUUID(uuid)
        return (await domain.getState()).state !== 'running' || (await thawOnce(domain))
      })
      if (thawed) {
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
