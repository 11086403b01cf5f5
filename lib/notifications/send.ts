import 'server-only'
import { settings } from '../settings/settings.ts'
import { sendEmail } from './send-email.ts'
import { sendWebhook } from './send-webhook.ts'
import type { Channel, Message, Outcome } from './types.ts'
import { webhookRequest } from './webhook-request.ts'

/** One attempt to send a message by a channel. `id`: the same in each attempt. Rejects only when `signal` ends it. */
export async function send(channel: Channel, message: Message, id: string, signal: AbortSignal): Promise<Outcome> {
  const { publicUrl } = settings()
  const link = publicUrl === null || message.path === null ? null : publicUrl + message.path
  return channel.kind === 'email' ? sendEmail(channel, message, id, link, signal) : sendWebhook(webhookRequest(channel, message, id, link), signal)
}
