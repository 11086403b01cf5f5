import 'server-only'
import { Refusal } from '../jobs/refusal.ts'
import { publish } from '../live/hub.ts'
import { nowMs } from '../schedules/clock.ts'
import { store } from '../store/store.ts'
import { CHANNELS_MAXIMUM } from './limits.ts'
import type { ChannelInput } from './channel-input.ts'
import { refusedHost } from './checked-lookup.ts'
import { channelOrWhy, storeSecrets, UnreadableSecrets } from './channels.ts'
import { emailSecrets, webhookSecrets } from './keep-secrets.ts'
import { wakeNotifications } from './wake.ts'
import type { Channel, EmailSecrets, EmailSettings, WebhookSecrets } from './types.ts'

/** Saves a new channel, or another form of one: what waits in its outbox is tried again at once. Throws Refusal; nothing is changed then. */
export async function saveChannel(
  input: ChannelInput,
  user: { name: string },
): Promise<{ channelId: string }> {
  refusePlace(input)
  await store()
    .transaction()
    .execute(async (transaction) => {
      const row = await transaction
        .selectFrom('notification_channels')
        .selectAll()
        .where('id', '=', input.id)
        .executeTakeFirst()
      if (input.exists && !row) throw new Refusal('This channel was removed meanwhile. Reload the page.')
      const twin = await transaction
        .selectFrom('notification_channels')
        .select('id')
        .where('name', '=', input.name)
        .where('id', '!=', input.id)
        .executeTakeFirst()
      if (twin)
        throw new Refusal('There is a channel of this name already.', {
          name: 'There is one of this name already.',
        })
      if (row && row.kind !== input.kind)
        throw new Refusal('A channel’s kind can’t be changed. Add a new one.', {
          kind: 'It can’t be changed.',
        })
      const read = row ? channelOrWhy(row) : null
      // What can't be read must be given again.
      const before = read instanceof UnreadableSecrets ? null : read
      const places = placesOf(input, before)
      // A digest that was due before it was asked for is none.
      const sameDigest = row?.digest_at === input.digestAt && row.time_zone === input.timeZone
      const values = {
        kind: input.kind,
        name: input.name,
        settings: JSON.stringify(places.settings),
        secrets: storeSecrets(input.id, places.secrets),
        hears_protection: input.hearsProtection ? 1 : 0,
        hears_jobs: input.hearsJobs ? 1 : 0,
        digest_at: input.digestAt,
        time_zone: input.timeZone,
        digest_handled_until_ms: sameDigest ? row.digest_handled_until_ms : nowMs(),
      }
      if (row) {
        // What failed was the place of before.
        const isElsewhere =
          before === null ||
          values.settings !== row.settings ||
          JSON.stringify(places.secrets) !== JSON.stringify(before.secrets)
        await transaction
          .updateTable('notification_channels')
          .set({ ...values, ...(isElsewhere ? { failing_since_ms: null, error: null } : {}) })
          .where('id', '=', input.id)
          .execute()
        await transaction
          .updateTable('notification_outbox')
          .set({ next_attempt_at_ms: nowMs() })
          .where('channel_id', '=', input.id)
          .where('next_attempt_at_ms', 'is not', null)
          .execute()
        return
      }
      const { count } = await transaction
        .selectFrom('notification_channels')
        .select((select) => select.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      if (count >= CHANNELS_MAXIMUM)
        throw new Refusal(`There are ${CHANNELS_MAXIMUM} channels already. Remove one first.`)
      await transaction
        .insertInto('notification_channels')
        .values({
          id: input.id,
          ...values,
          created_at_ms: nowMs(),
          created_by: user.name,
          last_sent_at_ms: null,
          failing_since_ms: null,
          error: null,
        })
        .execute()
    })
  publish({ type: 'notifications' })
  wakeNotifications()
  return { channelId: input.id }
}

/** Throws Refusal for a place that the settings don't allow. Of a name that leads to an allowed net this shows when a message is sent. */
function refusePlace(input: ChannelInput): void {
  const [field, host] =
    input.kind === 'email'
      ? (['host', input.host] as const)
      : ([
          'secretUrl',
          input.secretUrl === '' ? null : new URL(input.secretUrl).hostname.replace(/^\[|\]$/g, ''),
        ] as const)
  const refused = host === null ? null : refusedHost(host)
  if (refused !== null) throw new Refusal(refused, { [field]: refused })
}

/** Settings and secrets after the form. */
function placesOf(input: ChannelInput, before: Channel | null): Pick<Channel, 'settings' | 'secrets'> {
  if (input.kind !== 'email')
    return {
      settings: { room: input.kind === 'matrix' ? input.room : null },
      secrets: webhookSecrets(input, before === null ? null : (before.secrets as WebhookSecrets)),
    }
  const { host, port, tls, user, from, to } = input
  const old =
    before === null
      ? null
      : { settings: before.settings as EmailSettings, secrets: before.secrets as EmailSecrets }
  return {
    settings: { host, port, tls, user, from, to } satisfies EmailSettings,
    secrets: emailSecrets(input, old),
  }
}
