import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isConnectionError, isLibvirtError } from '../errors.ts'
import { FakeTransport, turn } from '../testing/fake-transport.ts'
import { errorReply, event, reply, streamData } from '../testing/packets.ts'
import { HEADER_BYTES, MessageStatus, MessageType } from './frames.ts'
import { RpcClient, type RpcOptions } from './rpc-client.ts'

function open(options: RpcOptions = {}) {
  const transport = new FakeTransport()
  return { transport, client: new RpcClient(transport, { keepaliveIntervalMs: 0, ...options }) }
}
const hostname = (serial: number, text: string) => reply('CONNECT_GET_HOSTNAME', serial, { hostname: text })
const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error,
  )

describe('calls', () => {
  it('get their own reply, in whatever order they come', async () => {
    const { client, transport } = open()
    const calls = [client.call('CONNECT_GET_HOSTNAME', {}), client.call('CONNECT_GET_HOSTNAME', {})]
    await turn()
    expect(transport.sent.map((packet) => packet.serial)).toEqual([1, 2])
    transport.receive(Buffer.concat([hostname(2, 'two'), hostname(1, 'one')]))
    expect(await Promise.all(calls)).toEqual([{ hostname: 'one' }, { hostname: 'two' }])
  })

  it('get their reply when it arrives split at any byte', async () => {
    const bytes = hostname(1, 'split')
    for (let at = 1; at < bytes.length; at++) {
      const { client, transport } = open()
      const call = client.call('CONNECT_GET_HOSTNAME', {})
      await turn()
      transport.receive(bytes.subarray(0, at), bytes.subarray(at))
      expect(await call).toEqual({ hostname: 'split' })
    }
  })

  it("reject with libvirt's code, domain, level and message, and a stack that leads to the caller", async () => {
    const { client, transport } = open()
    async function theCaller() {
      return await client.call('DOMAIN_LOOKUP_BY_NAME', { name: 'x' })
    }
    const failed = caught(theCaller())
    await turn()
    transport.receive(errorReply('DOMAIN_LOOKUP_BY_NAME', 1, 42, 'Domain not found'))
    const error = await failed
    expect(error).toMatchObject({
      code: 42,
      domain: 10,
      level: 2,
      message: 'Domain not found',
      procedure: 'DOMAIN_LOOKUP_BY_NAME',
    })
    expect(isLibvirtError(error, 42) && !isLibvirtError(error, 43) && !isConnectionError(error)).toBe(true)
    expect((error as Error).stack).toContain('theCaller')
  })

  it('wait here beyond the limit in flight, and go on as replies come', async () => {
    const { client, transport } = open({ maxInFlight: 4 })
    const calls = Array.from({ length: 5 }, () => client.call('CONNECT_GET_HOSTNAME', {}))
    await turn()
    expect(transport.sent).toHaveLength(4)
    transport.receive(hostname(1, 'a'))
    await turn()
    expect(transport.sent).toHaveLength(5)
    transport.receive(...[2, 3, 4, 5].map((serial) => hostname(serial, 'b')))
    await Promise.all(calls)
  })
})

describe('deadlines and aborts', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('a call without an answer fails at its deadline and says that it may have happened', async () => {
    const { client, transport } = open({ maxInFlight: 1 })
    const failed = caught(client.call('CONNECT_GET_HOSTNAME', {}, { deadlineMs: 50 }))
    const behind = caught(client.call('CONNECT_GET_HOSTNAME', {}, { deadlineMs: 50 }))
    await turn()
    vi.advanceTimersByTime(50)
    expect(await failed).toMatchObject({ reason: 'timeout', mayHaveHappened: true })
    expect(await behind).toMatchObject({ reason: 'timeout', mayHaveHappened: false })
    expect(transport.sent).toHaveLength(1)
  })

  it('its late reply is dropped, and the connection lives on', async () => {
    const { client, transport } = open({ maxInFlight: 1 })
    const failed = caught(client.call('CONNECT_GET_HOSTNAME', {}, { deadlineMs: 50 }))
    await turn()
    vi.advanceTimersByTime(50)
    await failed
    const next = client.call('CONNECT_GET_HOSTNAME', {})
    await turn()
    expect(transport.sent).toHaveLength(1)
    transport.receive(hostname(1, 'late'))
    await turn()
    transport.receive(hostname(2, 'next'))
    expect(await next).toEqual({ hostname: 'next' })
  })

  it('an AbortSignal ends a call, before and after it was sent', async () => {
    const { client } = open()
    expect(
      await caught(client.call('CONNECT_GET_HOSTNAME', {}, { signal: AbortSignal.abort() })),
    ).toMatchObject({ reason: 'aborted', mayHaveHappened: false })
    const controller = new AbortController()
    const failed = caught(client.call('CONNECT_GET_HOSTNAME', {}, { signal: controller.signal }))
    await turn()
    controller.abort()
    expect(await failed).toMatchObject({ reason: 'aborted', mayHaveHappened: true })
  })

  it('a silent daemon is pinged and then counts as dead', async () => {
    const { client, transport } = open({ keepaliveIntervalMs: 1_000, keepaliveCount: 2 })
    const failed = caught(client.call('CONNECT_GET_HOSTNAME', {}, { deadlineMs: 0 }))
    await turn()
    for (let second = 0; second < 4; second++) {
      vi.advanceTimersByTime(1_000)
      await turn()
    }
    expect(transport.sent.filter((packet) => packet.program === 0x6b656570)).toHaveLength(2)
    expect(await failed).toMatchObject({
      reason: 'closed',
      message: expect.stringMatching(/not answered for/) as string,
    })
    expect(transport.closed).toBe(true)
  })
})

describe('a connection that ends', () => {
  it('fails every pending call at once with the same word, and every later one', async () => {
    const { client, transport } = open({ maxInFlight: 1 })
    const failed = [
      caught(client.call('CONNECT_GET_HOSTNAME', {})),
      caught(client.call('CONNECT_GET_HOSTNAME', {})),
    ]
    await turn()
    transport.hangUp(new Error('ECONNRESET'))
    const errors = await Promise.all(failed)
    expect(errors.map((error) => (error as Error).message)).toEqual(
      Array(2).fill('the connection to the libvirt daemon is closed: ECONNRESET'),
    )
    expect(errors).toMatchObject([{ mayHaveHappened: true }, { mayHaveHappened: false }])
    expect(await caught(client.call('CONNECT_GET_HOSTNAME', {}))).toMatchObject({ reason: 'closed' })
  })

  it.each<[string, Buffer]>([
    ['garbage', Buffer.from('garbage, and more of it than a header')],
    ['an oversized frame', Buffer.from('7fffffff', 'hex')],
    ['a reply that no call has', hostname(77, 'x')],
    [
      'a reply with bytes too many',
      (() => {
        const bytes = Buffer.concat([hostname(1, 'x'), Buffer.alloc(4)])
        bytes.writeUInt32BE(bytes.length, 0)
        return bytes
      })(),
    ],
    [
      'a reply cut short',
      (() => {
        const bytes = hostname(1, 'a longer name').subarray(0, HEADER_BYTES + 8)
        bytes.writeUInt32BE(bytes.length, 0)
        return bytes
      })(),
    ],
  ])('ends by itself on %s', async (_, bytes) => {
    const { client, transport } = open()
    const failed = caught(client.call('CONNECT_GET_HOSTNAME', {}))
    await turn()
    transport.receive(bytes)
    expect(await failed).toMatchObject({ reason: 'protocol' })
    expect(transport.closed).toBe(true)
  })
})

describe('events and streams', () => {
  it('an event in the same read as its registration is not lost', async () => {
    const { client, transport } = open()
    const seen: number[] = []
    let known = false
    client.onEvent((procedure) => {
      if (known) seen.push(procedure)
    })
    const registered = client.call(
      'CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY',
      { eventID: 0, dom: null },
      undefined,
      () => {
        known = true
      },
    )
    await turn()
    const dom = { name: 'x', uuid: Buffer.alloc(16), id: 1 }
    transport.receive(
      Buffer.concat([
        reply('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', 1, { callbackID: 7 }),
        event('DOMAIN_EVENT_CALLBACK_LIFECYCLE', { callbackID: 7, dom, event: 2, detail: 0 }),
      ]),
    )
    await registered
    expect(seen).toEqual([318])
  })

  const vol = { pool: 'p', name: 'n', key: 'k' }
  const openStream = async () => {
    const { client, transport } = open()
    const opening = client.download('STORAGE_VOL_DOWNLOAD', { vol, offset: 0n, length: 0n, flags: 0 })
    await turn()
    return { client, transport, opening }
  }

  it('a download whose data comes with its reply is whole', async () => {
    const { transport, opening } = await openStream()
    transport.receive(
      Buffer.concat([
        reply('STORAGE_VOL_DOWNLOAD', 1, {}),
        streamData('STORAGE_VOL_DOWNLOAD', 1, MessageStatus.CONTINUE, Buffer.from('abc')),
        streamData('STORAGE_VOL_DOWNLOAD', 1, MessageStatus.CONTINUE, Buffer.from('def')),
        streamData('STORAGE_VOL_DOWNLOAD', 1, MessageStatus.CONTINUE, Buffer.alloc(0)),
      ]),
    )
    const chunks: Buffer[] = []
    for await (const chunk of await opening) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('abcdef')
    await turn()
    expect(transport.sent.at(-1)).toMatchObject({
      type: MessageType.STREAM,
      status: MessageStatus.OK,
      serial: 1,
    })
  })

  it('a reader that stops early aborts the stream', async () => {
    const { transport, opening } = await openStream()
    transport.receive(
      reply('STORAGE_VOL_DOWNLOAD', 1, {}),
      streamData('STORAGE_VOL_DOWNLOAD', 1, MessageStatus.CONTINUE, Buffer.from('abc')),
    )
    for await (const chunk of await opening) {
      expect(chunk.toString()).toBe('abc')
      break
    }
    await turn()
    expect(transport.sent.at(-1)).toMatchObject({ type: MessageType.STREAM, status: MessageStatus.ERROR })
    transport.receive(
      streamData('STORAGE_VOL_DOWNLOAD', 1, MessageStatus.CONTINUE, Buffer.from('late')),
      streamData('STORAGE_VOL_DOWNLOAD', 1, MessageStatus.OK, Buffer.alloc(0)),
    )
    expect(transport.closed).toBe(false)
  })

  it('stops reading the socket while nobody takes the data', async () => {
    const { transport, opening } = await openStream()
    transport.receive(
      reply('STORAGE_VOL_DOWNLOAD', 1, {}),
      ...Array.from({ length: 9 }, () =>
        streamData('STORAGE_VOL_DOWNLOAD', 1, MessageStatus.CONTINUE, Buffer.alloc(1024 * 1024)),
      ),
    )
    expect(transport.paused).toBe(true)
    let chunks = 0
    for await (const chunk of await opening) {
      chunks += chunk.length > 0 ? 1 : 0
      if (chunks === 6) break
    }
    expect(transport.paused).toBe(false)
  })

  it('an upload sends its bytes, its end, and waits for the confirmation', async () => {
    const { client, transport } = open()
    const data = Buffer.alloc(262_121, 7)
    let done = false
    const uploading = client
      .upload('STORAGE_VOL_UPLOAD', { vol, offset: 0n, length: BigInt(data.length), flags: 0 }, data)
      .then(() => {
        done = true
      })
    await turn()
    transport.receive(reply('STORAGE_VOL_UPLOAD', 1, {}))
    await turn()
    expect(
      transport.sent
        .slice(1)
        .map((packet) => [packet.type, packet.status, packet.serial, packet.payload.length]),
    ).toEqual([
      [MessageType.STREAM, MessageStatus.CONTINUE, 1, 262_120],
      [MessageType.STREAM, MessageStatus.CONTINUE, 1, 1],
      [MessageType.STREAM, MessageStatus.OK, 1, 0],
    ])
    expect(done).toBe(false)
    transport.receive(streamData('STORAGE_VOL_UPLOAD', 1, MessageStatus.OK, Buffer.alloc(0)))
    await uploading
  })

  it('an upload that the daemon does not confirm ends with its deadline', async () => {
    const { client, transport } = open()
    const uploading = caught(
      client.upload('STORAGE_VOL_UPLOAD', { vol, offset: 0n, length: 1n, flags: 0 }, Buffer.alloc(1), {
        deadlineMs: 20,
      }),
    )
    await turn()
    transport.receive(reply('STORAGE_VOL_UPLOAD', 1, {}))
    expect(await uploading).toMatchObject({ reason: 'timeout' })
  })

  it('a lost connection ends a download with the error', async () => {
    const { transport, opening } = await openStream()
    transport.receive(reply('STORAGE_VOL_DOWNLOAD', 1, {}))
    const reading = caught(
      (async () => {
        for await (const chunk of await opening) void chunk
      })(),
    )
    await turn()
    transport.hangUp()
    expect(await reading).toMatchObject({ reason: 'closed' })
  })
})
