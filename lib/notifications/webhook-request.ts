import { shortenBytes } from './shorten.ts'
import type { Channel, Message } from './types.ts'

export interface WebhookRequest {
  method: 'POST' | 'PUT'
  url: string
  headers: Record<string, string>
  body: string
}

/** ntfy makes a file of what is longer than 4096 bytes. */
const NTFY_TEXT_MAXIMUM_BYTES = 3_900
/** ntfy's own scale of 1 to 5. */
const NTFY_PRIORITIES: Record<Message['level'], number> = { good: 3, attention: 4, bad: 4 }
/** Names of emoji by ntfy's list. */
const NTFY_TAGS: Record<Message['level'], string> = {
  good: 'white_check_mark',
  attention: 'warning',
  bad: 'rotating_light',
}

/** What is sent to a webhook for one message. `id` is the same in each attempt; `link` leads to the message's page. Pure. */
export function webhookRequest(
  channel: Exclude<Channel, { kind: 'email' }>,
  message: Message,
  id: string,
  link: string | null,
): WebhookRequest {
  const { url, token } = channel.secrets
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Keyframe',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  }
  const request = (body: object, change: Partial<WebhookRequest> = {}): WebhookRequest => ({
    method: 'POST',
    url,
    headers,
    body: JSON.stringify(body),
    ...change,
  })
  switch (channel.kind) {
    case 'json':
      return request(jsonBody(message, id, link))
    case 'ntfy': {
      // JSON goes to the server's root and names the topic: titles in headers would be ASCII only.
      const topic = new URL(url).pathname.slice(1)
      return request(
        {
          topic,
          title: message.title,
          message: shortenBytes(message.text, NTFY_TEXT_MAXIMUM_BYTES),
          priority: message.event === 'digest' ? 3 : NTFY_PRIORITIES[message.level],
          tags: [NTFY_TAGS[message.level]],
          ...(link === null ? {} : { click: link }),
        },
        { url: new URL('/', url).href },
      )
    }
    case 'slack':
      return request({
        text: [
          `*${slackText(message.title)}*`,
          slackText(message.text),
          ...(link === null ? [] : [`<${slackText(link)}|Open in Keyframe>`]),
        ].join('\n'),
      })
    case 'matrix': {
      // The server drops a second event of the same transaction: an attempt whose answer was lost is no second message.
      const path = `/_matrix/client/v3/rooms/${encodeURIComponent(channel.settings.room ?? '')}/send/m.room.message/${encodeURIComponent(id)}`
      const body = {
        msgtype: 'm.text',
        body: plainText(message, link),
        format: 'org.matrix.custom.html',
        formatted_body: [
          `<strong>${htmlText(message.title)}</strong>`,
          ...message.text.split('\n').map(htmlText),
          ...(link === null ? [] : [`<a href="${htmlText(link)}">Open in Keyframe</a>`]),
        ].join('<br>'),
      }
      return request(body, { method: 'PUT', url: new URL(path, url).href })
    }
  }
}

/** The documented shape (README.md). Fields are only added; one that is changed or removed makes another version. */
function jsonBody(message: Message, id: string, link: string | null) {
  const { event, atMs, level, title, text, vms, jobs, counts } = message
  return {
    version: 1,
    id,
    event,
    at: new Date(atMs).toISOString(),
    level,
    title,
    text,
    link,
    vms,
    jobs,
    counts,
  }
}

/** Title, text and link, for what knows no format. */
export const plainText = (message: Message, link: string | null): string =>
  [message.title, '', message.text, ...(link === null ? [] : ['', link])].join('\n')

/** Slack's three control characters, else a VM called "<!channel>" would call everybody. */
const slackText = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const htmlText = (text: string) => slackText(text).replaceAll('"', '&quot;')
