import 'server-only'
import type { Selectable } from 'kysely'
import { Refusal } from '../jobs/refusal.ts'
import { decryptSecret, encryptSecret, keyIdOf, storedSecretsKeyId } from '../secrets/stored-secret.ts'
import type { Schema } from '../store/schema.ts'
import { secretOwner } from '../store/secret-columns.ts'
import { store } from '../store/store.ts'
import type { Channel, ChannelKind, Via } from './types.ts'

export type ChannelRow = Selectable<Schema['notification_channels']>

/** The secrets of a channel can't be read; the message is a sentence for a page. */
export class UnreadableSecrets extends Error {
  override name = 'UnreadableSecrets'
}

const OTHER_KEY =
  'Its address, token or password can’t be read: it was written with another key than the one that Keyframe has now. Put the key of then back, or give them again under Change.'
const CHANGED =
  'Its address, token or password can’t be read: what is stored was damaged. Give them again under Change.'

/** With its secrets: for sending, never for a page. Throws UnreadableSecrets. */
export function toChannel(row: ChannelRow): Channel {
  const via = {
    kind: row.kind as ChannelKind,
    settings: JSON.parse(row.settings),
    secrets: JSON.parse(readSecrets(row)),
  } as Via
  return { id: row.id, name: row.name, ...via }
}

function readSecrets({ id, secrets }: ChannelRow): string {
  try {
    return decryptSecret(secrets, secretOwner('notification_channels', id))
  } catch (cause) {
    throw new UnreadableSecrets(keyIdOf(secrets) === storedSecretsKeyId() ? CHANGED : OTHER_KEY, { cause })
  }
}

/** As they are kept. */
export const storeSecrets = (id: string, secrets: Channel['secrets']): string =>
  encryptSecret(JSON.stringify(secrets), secretOwner('notification_channels', id))

/** The channel, or why its secrets can't be read. */
export function channelOrWhy(row: ChannelRow): Channel | UnreadableSecrets {
  try {
    return toChannel(row)
  } catch (error) {
    if (error instanceof UnreadableSecrets) return error
    throw error
  }
}

/** Rows of all channels, oldest first. */
export function channelRows(): Promise<ChannelRow[]> {
  return store()
    .selectFrom('notification_channels')
    .selectAll()
    .orderBy('created_at_ms')
    .orderBy('id')
    .execute()
}

/** The row of the channel of this id. Throws Refusal when there is none. */
export async function requireChannel(id: string): Promise<ChannelRow> {
  const row = await store()
    .selectFrom('notification_channels')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  if (!row) throw new Refusal('There is no such channel: it was removed meanwhile. Reload the page.')
  return row
}
