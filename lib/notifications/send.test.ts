import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allowedPlaces } from './allowed-places.ts'
import { checkedLookup, type Resolve } from './checked-lookup.ts'
import { sendEmail } from './send-email.ts'
import { sendWebhook } from './send-webhook.ts'
import { startMailServer } from './testing/mail-server.ts'
import { MESSAGE } from './testing/messages.ts'
import { startReceiver, type Receiver } from './testing/receiver.ts'
import type { Channel } from './types.ts'
import { webhookRequest } from './webhook-request.ts'

const never = new AbortController().signal
/** A resolver of names whose answers change with each question, as DNS rebinding has it. */
const leadingTo =
  (...answers: string[][]): Resolve =>
  (_name, _options, done) =>
    done(
      null,
      (answers.length > 1 ? answers.shift()! : answers[0]!).map((address) => ({
        address,
        family: address.includes(':') ? 6 : 4,
      })),
    )
const hook = (url: string) =>
  webhookRequest(
    { id: 'c', name: 'n', kind: 'json', settings: { room: null }, secrets: { url, token: 'secret' } },
    MESSAGE,
    'id-1',
    null,
  )

describe('a webhook', () => {
  let receiver: Receiver
  beforeEach(async () => {
    receiver = await startReceiver()
  })
  afterEach(() => receiver.stop())

  it('gets the request as it was made', async () => {
    expect(await sendWebhook(hook(`${receiver.url}/a?b=1`), never)).toEqual({ sent: true })
    expect(receiver.received).toMatchObject([
      {
        method: 'POST',
        path: '/a?b=1',
        headers: { 'content-type': 'application/json', authorization: 'Bearer secret' },
        body: { version: 1, title: MESSAGE.title },
      },
    ])
    expect(await sendWebhook(hook(receiver.url.replace('127.0.0.1', 'localhost')), never)).toEqual({
      sent: true,
    })
  })

  it('that answers otherwise is quoted: the status, and of plain text or JSON the first words on one line', async () => {
    receiver.answerWith(403, `no\r\n\u001b[31mway\u0000 ${'x'.repeat(500)}`)
    const { sentence } = (await sendWebhook(hook(receiver.url), never)) as { sentence: string }
    expect(sentence).toMatch(/^It answered 403: no \[31mway x+…$/)
    expect(sentence.length).toBe('It answered 403: '.length + 200)
    receiver.answerWith(400, '{"errcode":"M_UNKNOWN"}', 'application/json; charset=utf-8')
    expect(await sendWebhook(hook(receiver.url), never)).toEqual({
      sent: false,
      sentence: 'It answered 400: {"errcode":"M_UNKNOWN"}',
    })
    receiver.answerWith(500, '<h1>inside of another application</h1>', 'text/html')
    expect(await sendWebhook(hook(receiver.url), never)).toEqual({
      sent: false,
      sentence: 'It answered 500.',
    })
    receiver.answerWith(502, 'x'.repeat(1_000_000))
    expect(await sendWebhook(hook(receiver.url), never)).toMatchObject({
      sent: false,
      sentence: expect.stringMatching(/^It answered 502: x{199}…$/),
    })
  })

  it('is not followed elsewhere', async () => {
    const other = await startReceiver()
    receiver.answer = (response) => void response.writeHead(307, { location: other.url }).end()
    expect(await sendWebhook(hook(receiver.url), never)).toMatchObject({
      sent: false,
      sentence: expect.stringContaining('307, a redirect, which Keyframe does not follow'),
    })
    expect([receiver.received.length, other.received.length]).toEqual([1, 0])
    await other.stop()
  })

  it('that says nothing, or begins and does not end, is left after the limit', async () => {
    for (const answer of [
      () => undefined,
      (response: { writeHead(status: number): { write(text: string): void } }) =>
        response.writeHead(200).write('{'),
    ]) {
      receiver.answer = answer as Receiver['answer']
      expect(await sendWebhook(hook(receiver.url), never, 200)).toEqual({
        sent: false,
        sentence: 'It did not answer within 0.2 s.',
      })
    }
  })

  it('that changes the protocol or hangs up is no answer', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    expect(
      await sendWebhook(hook(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), never, 2_000),
    ).toEqual({ sent: false, sentence: 'It ended the connection without an answer.' })
    server.close()
  })

  it('is left at once when Keyframe stops', async () => {
    receiver.answer = () => undefined
    const stop = new AbortController()
    const sending = sendWebhook(hook(receiver.url), stop.signal)
    stop.abort()
    await expect(sending).rejects.toThrow()
  })

  it('whose name leads to a link-local address by now is not connected to, not even by another of its addresses', async () => {
    const leadsTo = (...addresses: string[]) =>
      new Promise((resolve) =>
        checkedLookup(leadingTo(addresses), allowedPlaces(null))(
          'harmless.example',
          { all: true },
          (error, found) => resolve(error?.message ?? found),
        ),
      )
    expect(await leadsTo('192.0.2.1')).toEqual([{ address: '192.0.2.1', family: 4 }])
    for (const address of ['169.254.169.254', 'fe80::1', '::ffff:169.254.169.254'])
      expect(await leadsTo('192.0.2.1', address)).toContain('link-local')
  })

  it('is looked up when it is connected to: a name that leads elsewhere by then reaches nothing', async () => {
    const { port } = new URL(receiver.url)
    const resolve = leadingTo(['127.0.0.1'], ['169.254.169.254'], ['64:ff9b::a9fe:a9fe'])
    const to = hook(`http://rebound.example:${port}/`)
    expect(await sendWebhook(to, never, 2_000, resolve)).toEqual({ sent: true })
    const answers = [
      await sendWebhook(to, never, 2_000, resolve),
      await sendWebhook(to, never, 2_000, resolve),
    ]
    for (const answer of answers)
      expect(answer).toEqual({ sent: false, sentence: expect.stringContaining('clouds keep secrets') })
    expect(receiver.received).toHaveLength(1)
  })

  it('that is not there is told apart from one that refuses', async () => {
    await receiver.stop()
    expect(await sendWebhook(hook(receiver.url), never)).toMatchObject({
      sentence: expect.stringContaining('refuses the connection'),
    })
    expect(await sendWebhook(hook('https://no.such.name.invalid/'), never)).toMatchObject({
      sentence: expect.stringMatching(/name is not known|looked up/),
    })
    expect(await sendWebhook(hook('http://169.254.169.254/'), never)).toMatchObject({
      sentence: expect.stringContaining('link-local'),
    })
    receiver = await startReceiver()
    expect(await sendWebhook(hook(receiver.url.replace('http:', 'https:')), never)).toMatchObject({
      sent: false,
      sentence: expect.stringMatching(/could not be reached|ended the connection/),
    })
  })
})

describe('e-mail', () => {
  const channel = (port: number, change: object = {}): Extract<Channel, { kind: 'email' }> => ({
    id: 'c',
    name: 'n',
    kind: 'email',
    settings: {
      host: '127.0.0.1',
      port,
      tls: 'none',
      user: '',
      from: 'keyframe@example.org',
      to: ['ann@example.org', 'ben@example.org'],
      ...change,
    },
    secrets: { password: 'pass word' },
  })
  const send = (to: Parameters<typeof sendEmail>[0], signal = never) =>
    sendEmail(
      to,
      { ...MESSAGE, title: 'db on lab is “at risk”' },
      'id-1',
      'https://keyframe.example/x',
      signal,
    )

  it('is taken by a real server: to all, with title, text and link, and an id that stays the same', async () => {
    const server = await startMailServer()
    expect(await send(channel(server.port))).toEqual({ sent: true })
    expect(await send(channel(server.port, { user: 'ann' }))).toEqual({ sent: true })
    expect(server.mails.map(({ from, to, user }) => ({ from, to, user }))).toEqual(
      [undefined, 'ann'].map((user) => ({
        from: 'keyframe@example.org',
        to: ['ann@example.org', 'ben@example.org'],
        user,
      })),
    )
    // A long line of the body is broken softly.
    const { text: whole } = server.mails[0]!
    const bodyAt = whole.indexOf('\r\n\r\n')
    const text = whole.slice(0, bodyAt) + whole.slice(bodyAt).replaceAll('=\r\n', '')
    for (const part of [
      /^Message-ID: <id-1@example\.org>/m,
      /^From: Keyframe <keyframe@example\.org>/m,
      /^To: ann@example\.org, ben@example\.org/m,
      /^Subject: =\?UTF-8\?Q\?db_on_lab_is_=E2=80=9Cat_risk=E2=80=9D\?=/m,
      /^Auto-Submitted: auto-generated/m,
      /The target is full\./,
      /https:\/\/keyframe\.example\/x/,
    ])
      expect(text).toMatch(part)
    await server.stop()
  })

  it('that is taken for some readers only is sent, and says for whom it was not', async () => {
    const server = await startMailServer({
      onRcptTo: (address, _session, done) =>
        done(
          address.address.startsWith('ben')
            ? Object.assign(new Error('no such mailbox'), { responseCode: 550 })
            : null,
        ),
    })
    expect(await send(channel(server.port))).toEqual({
      sent: false,
      partly: true,
      sentence: 'It took the mail, but not for ben@example.org.',
    })
    expect(server.mails.map(({ to }) => to)).toEqual([['ann@example.org']])
    await server.stop()
  })

  it('goes to no address that webhooks may not go to, and its name is looked up once, when it is connected to', async () => {
    const server = await startMailServer()
    const to = channel(server.port, { host: 'rebound.example' })
    const sendBy = (resolve: Resolve, to_ = to) => sendEmail(to_, MESSAGE, 'id-1', null, never, resolve)
    // A second question would lead to another address.
    expect(await sendBy(leadingTo(['127.0.0.1'], ['169.254.169.254']))).toEqual({ sent: true })
    for (const address of ['169.254.169.254', '100.100.100.200', 'fd20:ce::254', '2002:a9fe:a9fe::1']) {
      expect(await sendBy(leadingTo(['127.0.0.1', address]))).toEqual({
        sent: false,
        sentence: expect.stringContaining('clouds keep secrets'),
      })
      expect(await send(channel(server.port, { host: address }))).toEqual({
        sent: false,
        sentence: expect.stringContaining('clouds keep secrets'),
      })
    }
    expect(
      await sendBy((_name, _options, done) => done(Object.assign(new Error('x'), { code: 'ENOTFOUND' }), [])),
    ).toEqual({ sent: false, sentence: 'Its name is not known: no server was found.' })
    expect(server.mails).toHaveLength(1)
    await server.stop()
  })

  it('is encrypted for the name that was given, whatever address that leads to', async () => {
    const names: (string | undefined)[] = []
    const server = await startMailServer({
      secure: true,
      SNICallback: (name, done) => {
        names.push(name)
        done(null)
      },
    })
    expect(
      await sendEmail(
        channel(server.port, { host: 'mail.example', tls: 'tls' }),
        MESSAGE,
        'id-1',
        null,
        never,
        leadingTo(['127.0.0.1']),
      ),
    ).toEqual({ sent: false, sentence: 'Its certificate is not trusted by this server.' })
    expect([names, server.mails]).toEqual([['mail.example'], []])
    await server.stop()
  })

  it('that is refused says why', async () => {
    const server = await startMailServer({
      onRcptTo: (address, _session, done) =>
        done(
          address.address.startsWith('ben')
            ? Object.assign(new Error('no such mailbox'), { responseCode: 550 })
            : null,
        ),
    })
    expect(
      await send({ ...channel(server.port, { user: 'ann' }), secrets: { password: 'wrong' } }),
    ).toMatchObject({ sent: false, sentence: expect.stringMatching(/^It refused user and password: 535/) })
    expect(await send(channel(server.port, { to: ['ben@example.org'] }))).toMatchObject({
      sent: false,
      sentence: expect.stringMatching(/^It answered 550.*no such mailbox/),
    })
    expect(await send(channel(server.port, { tls: 'starttls' }))).toEqual({
      sent: false,
      sentence: 'Its certificate is not trusted by this server.',
    })
    expect(server.mails).toEqual([])
    await server.stop()
    expect(await send(channel(server.port))).toMatchObject({
      sent: false,
      sentence: expect.stringContaining('refuses the connection'),
    })
  })

  it('is not sent in the clear where STARTTLS is asked for and not offered', async () => {
    const server = await startMailServer({ disabledCommands: ['STARTTLS'] })
    expect(await send(channel(server.port, { tls: 'starttls', user: 'ann' }))).toEqual({
      sent: false,
      sentence: 'It offers no encryption (STARTTLS), and nothing is sent without.',
    })
    expect(server.mails).toEqual([])
    await server.stop()
  })

  it('is left at once when Keyframe stops', async () => {
    const silent: Server = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const stop = new AbortController()
    const sending = send(channel((silent.address() as AddressInfo).port), stop.signal)
    setTimeout(() => stop.abort(), 50)
    await expect(sending).rejects.toThrow()
    silent.close()
  })
})
