import 'server-only'
import { randomUUID } from 'node:crypto'
import { publish } from '../live/hub.ts'
import { nowMs } from '../schedules/clock.ts'
import { store } from '../store/store.ts'
import { requireChannel } from './channels.ts'
import { noteOutcome } from './outbox.ts'
import { send } from './send.ts'
import type { Outcome } from './types.ts'
import { wakeNotifications } from './wake.ts'

/** Sends a test message at once, and says how that went; the channel's state follows it as it follows any other. Throws Refusal. */
export async function testChannel(id: string, user: { name: string }): Promise<Outcome> {
  const row = await requireChannel(id)
  const text = `The channel “${row.name}” works. ${user.name} asked for this message.`
  const outcome = await send(
    row,
    {
      event: 'test',
      atMs: nowMs(),
      level: 'good',
      title: 'Test from Keyframe',
      text,
      path: null,
      vms: [],
      jobs: [],
      counts: null,
    },
    randomUUID(),
    new AbortController().signal,
  )
  await noteOutcome(store(), id, outcome, nowMs())
  publish({ type: 'notifications' })
  if (outcome.sent) wakeNotifications()
  return outcome
}
