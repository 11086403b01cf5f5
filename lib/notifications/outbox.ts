import 'server-only'
import { randomUUID } from 'node:crypto'
import { sql, type Kysely, type Transaction } from 'kysely'
import { publish } from '../live/hub.ts'
import type { Schema } from '../store/schema.ts'
import { store } from '../store/store.ts'
import { LONGEST_WAIT_MS, MESSAGES_KEPT_MS, waitAfter } from './limits.ts'
import type { Message, Outcome } from './types.ts'

/** Puts a message into the outboxes of channels; once for each of them and `eventKey`. */
export async function enqueue(
  db: Kysely<Schema> | Transaction<Schema>,
  channelIds: readonly string[],
  eventKey: string,
  message: Message,
): Promise<void> {
  if (channelIds.length === 0) return
  const rows = channelIds.map((id) => ({
    id: randomUUID(),
    channel_id: id,
    event_key: eventKey,
    message: JSON.stringify(message),
    created_at_ms: message.atMs,
    attempts: 0,
    next_attempt_at_ms: message.atMs,
    last_error: null,
    sent_at_ms: null,
    given_up_at_ms: null,
  }))
  await db
    .insertInto('notification_outbox')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['channel_id', 'event_key']).doNothing())
    .execute()
}

/** Due now. An instant further away than any wait was written before the clock was set back. */
const due = (nowMs: number) =>
  store()
    .selectFrom('notification_outbox')
    .where((where) =>
      where.or([
        where('next_attempt_at_ms', '<=', nowMs),
        where('next_attempt_at_ms', '>', nowMs + LONGEST_WAIT_MS),
      ]),
    )

/** Channels that something is to be sent by now. */
export async function channelsWithDue(nowMs: number): Promise<string[]> {
  return (await due(nowMs).select('channel_id').distinct().execute()).map((row) => row.channel_id)
}

/** The oldest message that is to be sent by a channel now. */
export function nextDueOf(channelId: string, nowMs: number) {
  return due(nowMs)
    .selectAll()
    .where('channel_id', '=', channelId)
    .orderBy('created_at_ms')
    .orderBy(sql`rowid`)
    .limit(1)
    .executeTakeFirst()
}

/** When the next attempt of any channel is due, epoch ms; null when nothing waits. */
export async function nextAttemptAtMs(): Promise<number | null> {
  return (
    (
      await store()
        .selectFrom('notification_outbox')
        .select((select) => select.fn.min('next_attempt_at_ms').as('at'))
        .executeTakeFirst()
    )?.at ?? null
  )
}

/** Writes down how an attempt went. A channel that was failing and works again sends at once what waits, whose attempts begin anew: they were about the channel, not the message. */
export async function recordAttempt(
  row: { id: string; channel_id: string; attempts: number },
  outcome: Outcome,
  nowMs: number,
): Promise<void> {
  await store()
    .transaction()
    .execute(async (transaction) => {
      const attempts = row.attempts + 1
      const waitMs = waitAfter(attempts)
      // What some readers have is not sent again to them.
      const change =
        outcome.sent || outcome.partly === true
          ? {
              attempts,
              sent_at_ms: nowMs,
              next_attempt_at_ms: null,
              last_error: outcome.sent ? null : outcome.sentence,
            }
          : {
              attempts,
              last_error: outcome.sentence,
              next_attempt_at_ms: waitMs === null ? null : nowMs + waitMs,
              given_up_at_ms: waitMs === null ? nowMs : null,
            }
      await transaction.updateTable('notification_outbox').set(change).where('id', '=', row.id).execute()
      if (!outcome.sent && outcome.partly !== true) {
        // What refuses one just now refuses the next: they wait with it, and their own attempts are not used up.
        const again = nowMs + (waitMs ?? waitAfter(1)!)
        await transaction
          .updateTable('notification_outbox')
          .set({ next_attempt_at_ms: again })
          .where('channel_id', '=', row.channel_id)
          .where('id', '!=', row.id)
          .where('next_attempt_at_ms', '<', again)
          .execute()
      }
      await noteOutcome(transaction, row.channel_id, outcome, nowMs)
    })
  publish({ type: 'notifications' })
}

/** Notes on the channel how its last attempt went. */
export async function noteOutcome(
  db: Kysely<Schema> | Transaction<Schema>,
  channelId: string,
  outcome: Outcome,
  nowMs: number,
): Promise<void> {
  const before = await db
    .selectFrom('notification_channels')
    .select('failing_since_ms')
    .where('id', '=', channelId)
    .executeTakeFirst()
  const state = outcome.sent
    ? { last_sent_at_ms: nowMs, failing_since_ms: null, error: null }
    : { failing_since_ms: before?.failing_since_ms ?? nowMs, error: outcome.sentence }
  await db.updateTable('notification_channels').set(state).where('id', '=', channelId).execute()
  if (outcome.sent && before?.failing_since_ms != null)
    await db
      .updateTable('notification_outbox')
      .set({ next_attempt_at_ms: nowMs, attempts: 0 })
      .where('channel_id', '=', channelId)
      .where('next_attempt_at_ms', 'is not', null)
      .execute()
}

/** Forgets what was sent or given up long ago. */
export async function forgetOldMessages(nowMs: number): Promise<void> {
  await store()
    .deleteFrom('notification_outbox')
    .where('created_at_ms', '<', nowMs - MESSAGES_KEPT_MS)
    .where('next_attempt_at_ms', 'is', null)
    .execute()
}
