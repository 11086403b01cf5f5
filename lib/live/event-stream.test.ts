import { describe, expect, it } from 'vitest'
import { eventStream } from './event-stream.ts'
import { newestId, publish } from './hub.ts'

const OPTIONS = {
  unreadMaximum: 10,
  onEvent: (
    stream: { send(event: object, id?: string): void },
    { id, event }: { id: string; event: object },
  ) => stream.send(event, id),
  onHeartbeat: () => undefined,
  onEnd: [],
}

/** All that a new stream sends at once. */
async function firstOf(since: string | null, header = false): Promise<string> {
  const abort = new AbortController()
  const request = new Request(
    `http://x/api/events${since === null || header ? '' : `?${new URLSearchParams({ since })}`}`,
    { signal: abort.signal, headers: header && since !== null ? { 'last-event-id': since } : {} },
  )
  const reader = eventStream(request, OPTIONS).body!.getReader()
  let text = ''
  for (;;) {
    const part = await Promise.race([
      reader.read(),
      new Promise<null>((resolve) => setTimeout(() => resolve(null), 20)),
    ])
    if (part === null || part.done) break
    text += new TextDecoder().decode(part.value)
  }
  abort.abort()
  return text
}

describe('the id that a browser resumes from', () => {
  it('is taken where it is one: what came since is sent', async () => {
    const since = newestId()
    publish({ type: 'users' })
    expect(await firstOf(since)).toBe(
      `retry: 1000\nid: ${since}\nevent: hello\ndata: {}\n\nid: ${newestId()}\ndata: {"type":"users"}\n\n`,
    )
  })

  it.each([
    'x\nevent: message\ndata: {"type":"signed-out"}',
    'x\r\ndata: y',
    'x\rdata: y',
    '\u2028',
    '',
    `${newestId()} `,
    `${newestId()}\n`,
    '00000000-1234567890123456',
    '0000000g-1',
    `${newestId().slice(0, 9)}-1`,
  ])('writes nothing of one that is none: %j', async (since) => {
    const reload = `id: ${newestId()}\ndata: {"type":"reload"}\n\n`
    expect(await firstOf(since)).toBe(`retry: 1000\nid: ${newestId()}\nevent: hello\ndata: {}\n\n${reload}`)
  })

  it('is read from the header in the same way', async () => {
    expect(await firstOf('x: y', true)).toBe(
      `retry: 1000\nid: ${newestId()}\nevent: hello\ndata: {}\n\nid: ${newestId()}\ndata: {"type":"reload"}\n\n`,
    )
    expect(await firstOf(newestId(), true)).toBe(`retry: 1000\nid: ${newestId()}\nevent: hello\ndata: {}\n\n`)
  })
})
