import 'server-only'
import { store } from '../store/store.ts'
import { nowMs } from '../schedules/clock.ts'
import { channelOrWhy, channelRows, UnreadableSecrets } from './channels.ts'
import type {
  Channel,
  ChannelKind,
  ChannelView,
  EmailSettings,
  Message,
  SentView,
  WebhookSettings,
} from './types.ts'

const RECENT_SHOWN = 8

/** Every channel as its page shows it, oldest first: nothing that is secret. */
export async function listChannels(): Promise<ChannelView[]> {
  const [rows, waiting] = [
    await channelRows(),
    await store()
      .selectFrom('notification_outbox')
      .select((select) => [
        'channel_id',
        select.fn.countAll<number>().as('count'),
        select.fn.min('next_attempt_at_ms').as('next'),
      ])
      .where('next_attempt_at_ms', 'is not', null)
      .groupBy('channel_id')
      .execute(),
  ]
  return Promise.all(
    rows.map(async (row) => {
      const channel = channelOrWhy(row)
      const unreadable = channel instanceof UnreadableSecrets
      const settings = JSON.parse(row.settings) as WebhookSettings | EmailSettings
      const own = waiting.find((each) => each.channel_id === row.id)
      return {
        id: row.id,
        kind: row.kind as ChannelKind,
        name: row.name,
        place: unreadable ? 'an address that can’t be read' : placeOf(channel),
        settings,
        hasSecret:
          !unreadable &&
          (channel.kind === 'email' ? channel.secrets.password : channel.secrets.token) !== null,
        hearsProtection: row.hears_protection === 1,
        hearsJobs: row.hears_jobs === 1,
        digestAt: row.digest_at,
        timeZone: row.time_zone,
        lastSentAtMs: row.last_sent_at_ms,
        failingSinceMs: row.failing_since_ms ?? (unreadable ? nowMs() : null),
        error: unreadable ? channel.message : row.error,
        waiting: own?.count ?? 0,
        nextAttemptAtMs: own?.next ?? null,
        recent: await recentOf(row.id),
      }
    }),
  )
}

/** Of the address only the server: whoever knows the rest can post. */
function placeOf(channel: Channel): string {
  if (channel.kind === 'email')
    return `${channel.settings.to.join(', ')} by ${channel.settings.host}:${channel.settings.port}`
  const { origin, pathname } = new URL(channel.secrets.url)
  if (channel.kind === 'matrix') return `${channel.settings.room} on ${origin}`
  return pathname === '/' ? origin : `${origin}/…`
}

async function recentOf(channelId: string): Promise<SentView[]> {
  const rows = await store()
    .selectFrom('notification_outbox')
    .select(['id', 'message', 'attempts', 'created_at_ms', 'sent_at_ms', 'given_up_at_ms'])
    .where('channel_id', '=', channelId)
    .orderBy('created_at_ms', 'desc')
    .orderBy('id')
    .limit(RECENT_SHOWN)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    title: (JSON.parse(row.message) as Message).title,
    atMs: row.sent_at_ms ?? row.created_at_ms,
    attempts: row.attempts,
    state: stateOf(row),
  }))
}

function stateOf(row: { sent_at_ms: number | null; given_up_at_ms: number | null }): SentView['state'] {
  if (row.sent_at_ms !== null) return 'sent'
  return row.given_up_at_ms !== null ? 'given up' : 'waiting'
}

/** Names of the channels whose last attempt failed, or whose secrets can't be read, and since when: the first of them first. */
export async function failingChannels(): Promise<{ name: string; sinceMs: number }[]> {
  const failing = (await channelRows()).map((row) => ({
    name: row.name,
    sinceMs: row.failing_since_ms ?? (channelOrWhy(row) instanceof UnreadableSecrets ? nowMs() : null),
  }))
  return failing
    .filter((each): each is { name: string; sinceMs: number } => each.sinceMs !== null)
    .sort((a, b) => a.sinceMs - b.sinceMs)
}
