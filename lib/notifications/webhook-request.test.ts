import { describe, expect, it } from 'vitest'
import { MESSAGE } from './testing/messages.ts'
import type { Channel } from './types.ts'
import { webhookRequest } from './webhook-request.ts'

const LINK = 'https://keyframe.example/hosts/lab/vms/db/backups'
const channel = (
  kind: Exclude<Channel['kind'], 'email'>,
  url: string,
  token: string | null = null,
  room: string | null = null,
): Exclude<Channel, { kind: 'email' }> => ({
  id: 'c',
  name: 'hook',
  kind,
  settings: { room },
  secrets: { url, token },
})
const bodyOf = (request: { body: string }) => JSON.parse(request.body) as Record<string, unknown>

describe('what is sent', () => {
  it('json: the documented shape, version 1', () => {
    const request = webhookRequest(
      channel('json', 'https://example.org/hook?x=1', 'secret'),
      MESSAGE,
      'id-1',
      LINK,
    )
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://example.org/hook?x=1',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Keyframe',
        authorization: 'Bearer secret',
      },
    })
    expect(bodyOf(request)).toEqual({
      version: 1,
      id: 'id-1',
      event: 'protection',
      at: '2026-11-27T08:00:00.000Z',
      level: 'attention',
      title: MESSAGE.title,
      text: MESSAGE.text,
      link: LINK,
      jobs: [],
      counts: null,
      vms: [
        {
          host: 'lab',
          name: 'db',
          uuid: 'u',
          protection: 'at-risk',
          before: 'protected',
          sentence: 'The last backup failed at 02:30: The target is full.',
        },
      ],
    })
    expect(
      bodyOf(webhookRequest(channel('json', 'https://example.org/'), MESSAGE, 'id-1', null)).link,
    ).toBeNull()
    expect(
      webhookRequest(channel('json', 'https://example.org/'), MESSAGE, 'id-1', null).headers,
    ).not.toHaveProperty('authorization')
  })

  it('ntfy: JSON to the server’s root, the topic in it, and no longer than ntfy takes', () => {
    const request = webhookRequest(
      channel('ntfy', 'https://ntfy.example:8443/my-topic', 'tk_1'),
      MESSAGE,
      'id',
      LINK,
    )
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://ntfy.example:8443/',
      headers: { authorization: 'Bearer tk_1' },
    })
    expect(bodyOf(request)).toEqual({
      topic: 'my-topic',
      title: MESSAGE.title,
      message: MESSAGE.text,
      priority: 4,
      tags: ['warning'],
      click: LINK,
    })
    const long = bodyOf(
      webhookRequest(
        channel('ntfy', 'https://ntfy.sh/t'),
        { ...MESSAGE, text: '“ä€😀”'.repeat(2_000) },
        'id',
        null,
      ),
    )
    expect(Buffer.byteLength(long.message as string)).toBeLessThanOrEqual(3_900)
    expect(Buffer.byteLength(long.message as string)).toBeGreaterThan(3_800)
    expect(long).not.toHaveProperty('click')
  })

  it('slack: one text, in which nothing of ours can call anybody', () => {
    const request = webhookRequest(
      channel('slack', 'https://hooks.slack.com/services/T/B/x'),
      { ...MESSAGE, title: '<!channel> on lab' },
      'id',
      LINK,
    )
    expect(bodyOf(request)).toEqual({
      text: `*&lt;!channel&gt; on lab*\nThe last backup failed at 02:30: The target is full.\nMend &lt;it&gt; &amp; “try” again.\n<${LINK}|Open in Keyframe>`,
    })
  })

  it('matrix: a PUT whose transaction is the message’s id, in plain text and in HTML', () => {
    const request = webhookRequest(
      channel('matrix', 'https://matrix.example', 'syt_1', '!a/b:example.org'),
      MESSAGE,
      'id 1',
      LINK,
    )
    expect(request).toMatchObject({
      method: 'PUT',
      url: 'https://matrix.example/_matrix/client/v3/rooms/!a%2Fb%3Aexample.org/send/m.room.message/id%201',
      headers: { authorization: 'Bearer syt_1' },
    })
    expect(bodyOf(request)).toEqual({
      msgtype: 'm.text',
      body: `${MESSAGE.title}\n\n${MESSAGE.text}\n\n${LINK}`,
      format: 'org.matrix.custom.html',
      formatted_body: `<strong>${MESSAGE.title}</strong><br>The last backup failed at 02:30: The target is full.<br>Mend &lt;it&gt; &amp; “try” again.<br><a href="${LINK}">Open in Keyframe</a>`,
    })
  })
})
