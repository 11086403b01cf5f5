import 'server-only'
import { store } from '../store/store.ts'
import { channelRows, toChannel } from './channels.ts'
import type { Channel, ChannelView, Message, SentView } from './types.ts'

const RECENT_SHOWN = 8

/** Every channel as its page shows it, oldest first: nothing that is secret. */
export async function listChannels(): Promise<ChannelView[]> {
  const [rows, waiting] = [await channelRows(), await store().selectFrom('notification_outbox').select((select) => ['channel_id', select.fn.countAll<number>().as('count'), select.fn.min('next_attempt_at_ms').as('next')]).where('next_attempt_at_ms', 'is not', null).groupBy('channel_id').execute()]
  return Promise.all(rows.map(async (row) => {
    const channel = toChannel(row)
    const own = waiting.find((each) => each.channel_id === row.id)
    return {
      id: row.id, kind: channel.kind, name: row.name, place: placeOf(channel), settings: channel.settings, hasSecret: (channel.kind === 'email' ? channel.secrets.password : channel.secrets.token) !== null,
      hearsProtection: row.hears_protection === 1, hearsJobs: row.hears_jobs === 1, digestAt: row.digest_at, timeZone: row.time_zone,
      lastSentAtMs: row.last_sent_at_ms, failingSinceMs: row.failing_since_ms, error: row.error, waiting: own?.count ?? 0, nextAttemptAtMs: own?.next ?? null, recent: await recentOf(row.id),
    }
  }))
}

/** Of the address only the server: whoever knows the rest can post. */
function placeOf(channel: Channel): string {
  if (channel.kind === 'email') return `${channel.settings.to.join(', ')} by ${channel.settings.host}:${channel.settings.port}`
  const { origin, pathname } = new URL(channel.secrets.url)
  return channel.kind === 'matrix' ? `${channel.settings.room} on ${origin}` : pathname === '/' ? origin : `${origin}/…`
}

async function recentOf(channelId: string): Promise<SentView[]> {
  const rows = await store().selectFrom('notification_outbox').select(['id', 'message', 'attempts', 'created_at_ms', 'sent_at_ms', 'given_up_at_ms']).where('channel_id', '=', channelId).orderBy('created_at_ms', 'desc').orderBy('id').limit(RECENT_SHOWN).execute()
  return rows.map((row) => ({ id: row.id, title: (JSON.parse(row.message) as Message).title, atMs: row.sent_at_ms ?? row.created_at_ms, attempts: row.attempts, state: row.sent_at_ms !== null ? 'sent' : row.given_up_at_ms !== null ? 'given up' : 'waiting' }))
}

/** Names of the channels whose last attempt failed, and since when the first of them fails. */
export async function failingChannels(): Promise<{ name: string; sinceMs: number }[]> {
  const rows = await store().selectFrom('notification_channels').select(['name', 'failing_since_ms']).where('failing_since_ms', 'is not', null).orderBy('failing_since_ms').execute()
  return rows.map((row) => ({ name: row.name, sinceMs: row.failing_since_ms! }))
}
