import 'server-only'
import { settings } from '../settings/settings.ts'
import { channelOrWhy, UnreadableSecrets, type ChannelRow } from './channels.ts'
import { sendEmail } from './send-email.ts'
import { sendWebhook } from './send-webhook.ts'
import type { Message, Outcome } from './types.ts'
import { webhookRequest } from './webhook-request.ts'

/** One attempt to send a message by a channel. `id`: the same in each attempt. Rejects only when `signal` ends it. */
export async function send(
  row: ChannelRow,
  message: Message,
  id: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const channel = channelOrWhy(row)
  if (channel instanceof UnreadableSecrets) return { sent: false, sentence: channel.message }
  const { publicUrl } = settings()
  const link = publicUrl === null || message.path === null ? null : publicUrl + message.path
  return channel.kind === 'email'
    ? sendEmail(channel, message, id, link, signal)
    : sendWebhook(webhookRequest(channel, message, id, link), signal)
}
