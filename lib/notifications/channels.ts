import 'server-only'
import type { Selectable } from 'kysely'
import { Refusal } from '../jobs/refusal.ts'
import type { Schema } from '../store/schema.ts'
import { store } from '../store/store.ts'
import type { Channel, ChannelKind, Via } from './types.ts'

export type ChannelRow = Selectable<Schema['notification_channels']>

/** With its secrets: for sending, never for a page. */
export function toChannel(row: ChannelRow): Channel {
  const via = { kind: row.kind as ChannelKind, settings: JSON.parse(row.settings), secrets: JSON.parse(row.secrets) } as Via
  return { id: row.id, name: row.name, ...via }
}

/** Rows of all channels, oldest first. */
export function channelRows(): Promise<ChannelRow[]> {
  return store().selectFrom('notification_channels').selectAll().orderBy('created_at_ms').orderBy('id').execute()
}

/** The channel of this id. Throws Refusal when there is none. */
export async function requireChannel(id: string): Promise<Channel> {
  const row = await store().selectFrom('notification_channels').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new Refusal('There is no such channel: it was removed meanwhile. Reload the page.')
  return toChannel(row)
}
