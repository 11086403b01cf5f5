import 'server-only'
import { nowMs } from '../schedules/clock.ts'
import { store } from '../store/store.ts'
import { channelsWithDue, nextDueOf, recordAttempt } from './outbox.ts'
import { send } from './send.ts'
import type { Message } from './types.ts'

/** Sends what is due: each channel in its own order, and none waits for another. */
export class Delivery {
  readonly #busy = new Map<string, Promise<void>>()
  readonly #abort = new AbortController()
  readonly #report: (error: unknown) => void

  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  /** Begins with every channel that something is due for; does not wait for them. */
  async begin(): Promise<void> {
    for (const id of await channelsWithDue(nowMs()))
      if (!this.#busy.has(id))
        this.#busy.set(
          id,
          this.#sendAll(id)
            .catch(this.#report)
            .finally(() => this.#busy.delete(id)),
        )
  }

  /** Resolves when no attempt is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#busy.values())
  }

  /** Ends attempts that are under way: they count as not made. */
  async end(): Promise<void> {
    this.#abort.abort()
    await this.settled()
  }

  async #sendAll(channelId: string): Promise<void> {
    const { signal } = this.#abort
    while (!signal.aborted) {
      const row = await nextDueOf(channelId, nowMs())
      const channel =
        row &&
        (await store()
          .selectFrom('notification_channels')
          .selectAll()
          .where('id', '=', channelId)
          .executeTakeFirst())
      if (!row || !channel) return
      const outcome = await send(channel, JSON.parse(row.message) as Message, row.id, signal).catch(
        (error: unknown) => {
          if (signal.aborted) return null
          // Thrown on, it would be tried again at once, for ever.
          this.#report(error)
          return {
            sent: false,
            sentence: 'It could not be sent, for a reason that Keyframe does not know. The log tells more.',
          } as const
        },
      )
      if (outcome === null) return
      await recordAttempt(row, outcome, nowMs())
    }
  }
}
