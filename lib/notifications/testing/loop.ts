import { afterEach, beforeEach } from 'vitest'
import { setHosts } from '../../hosts/registry.ts'
import { setClock } from '../../schedules/clock.ts'
import { openTemporaryStore } from '../../store/temporary-store.ts'
import type { ChannelInput } from '../channel-input.ts'
import { saveChannel } from '../save-channel.ts'
import { lookAtNotifications, startNotifications, stopNotifications } from '../start-notifications.ts'
import { webhookInput } from './messages.ts'
import { startReceiver, type Receiver } from './receiver.ts'

export const MINUTE_MS = 60_000

interface Loop {
  /** Epoch ms. */
  now: number
  receiver: Receiver
  add(change?: object, url?: string): Promise<ChannelInput>
  /** Lets time pass, and what became due be sent. */
  pass(ms: number): Promise<void>
  restart(): Promise<void>
}

/** For tests: what runs in the app, on an empty database, by a clock that stands still until `pass`, and a receiver for webhooks. */
export function runLoop(): Loop {
  const loop: Loop = {
    now: 0,
    receiver: null as unknown as Receiver,
    async add(change = {}, url = loop.receiver.url) {
      const input = webhookInput(url, change)
      await saveChannel(input, { name: 'ann' })
      return input
    },
    async pass(ms) {
      loop.now += ms
      await lookAtNotifications()
    },
    async restart() {
      await stopNotifications()
      startNotifications()
      await lookAtNotifications()
    },
  }
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  beforeEach(async () => {
    loop.now = Date.parse('2026-11-27T12:00:00Z')
    temporary = await openTemporaryStore()
    // No hypervisor is asked for anything.
    setHosts(new Map())
    setClock({ clock: { now: () => loop.now }, wake: () => undefined })
    loop.receiver = await startReceiver()
    startNotifications()
  })
  afterEach(async () => {
    await stopNotifications()
    setClock(null)
    await loop.receiver.stop()
    await temporary.remove()
  })
  return loop
}
