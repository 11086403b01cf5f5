import 'server-only'
import { randomUUID } from 'node:crypto'
import { forgetFreeze, recordFreeze } from './freeze-records.ts'
import { guardFreeze } from './freeze-guard.ts'
import type { Host } from './host.ts'
import { thawUntilAnswered } from './thaw.ts'

export interface HeldFreeze {
  deadlineMs: number
  /** The guest is thawed: by who froze it, as its answer said. */
  over(): Promise<void>
  /** Whether it is frozen is not known: thaws until the agent answers, in the background. */
  giveUp(): void
}

/**
 * Before a freeze is asked for: writes it down and hands it to the guard, so that the guest is thawed whatever dies.
 * Rejects when there is no guard: nothing may be frozen then.
 */
export async function holdFreeze(host: Host, uuid: string, limitMs: number): Promise<HeldFreeze> {
  const deadlineMs = Date.now() + limitMs
  const release = await guardFreeze({
    key: randomUUID(),
    act: 'thaw',
    uri: host.connection.uri,
    uuid,
    deadlineMs,
  })
  host.frozen.holding.add(uuid)
  await recordFreeze(host.name, uuid, deadlineMs)
  const over = async () => {
    release()
    host.frozen.holding.delete(uuid)
    await forgetFreeze(host.name, uuid)
  }
  return {
    deadlineMs,
    over,
    giveUp() {
      host.frozen.holding.delete(uuid)
      void thawUntilAnswered(host, uuid)
        .then((thawed) => (thawed ? over() : undefined))
        .catch(() => undefined)
    },
  }
}
