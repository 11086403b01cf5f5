import { once } from 'node:events'
import { get, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'
import { goOnByItself, LONG_ANSWER_HEADER } from './long-answer.ts'
import { createGuardedServer } from './serve.ts'

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>
let close: (() => void) | undefined
afterEach(() => close?.())

async function serve(handle: Handle): Promise<string> {
  const server = createGuardedServer(handle, '127.0.0.1')
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const ticketOf = (request: IncomingMessage) => request.headers[LONG_ANSWER_HEADER] as string

it('goes on after the handler is done, on the same connection, and tells it that the answer is over', async () => {
  const [over, gone] = [vi.fn(), vi.fn()]
  let stream: ServerResponse | undefined
  const url = await serve(async (sent, response) => {
    response.on('close', over)
    goOnByItself(ticketOf(sent), {
      goOn: (connection) => {
        stream = connection
        connection.write('one')
      },
      gone,
    })
    response.setHeader('content-type', 'text/event-stream')
    response.end()
  })
  const [answer] = (await once(get(url), 'response')) as [IncomingMessage]
  const ended = once(answer, 'end')
  let text = ''
  answer.on('data', (chunk) => {
    text += String(chunk)
  })
  await vi.waitFor(() => expect(text).toBe('one'))
  expect([
    answer.statusCode,
    answer.headers['content-type'],
    over.mock.calls.length,
    gone.mock.calls.length,
  ]).toEqual([200, 'text/event-stream', 1, 0])
  stream!.end('two')
  await ended
  expect(text).toBe('onetwo')
})

it('leaves every other answer as it is', async () => {
  const url = await serve(async (_, response) => void response.end('whole'))
  expect(await (await fetch(url)).text()).toBe('whole')
})

it('takes no ticket of a client, and none but for GET', async () => {
  const seen: unknown[] = []
  const url = await serve(async (sent, response) => {
    seen.push(sent.headers[LONG_ANSWER_HEADER])
    response.end()
  })
  await fetch(url, { headers: { [LONG_ANSWER_HEADER]: 'forged' } })
  await fetch(url, { method: 'HEAD', headers: { [LONG_ANSWER_HEADER]: 'forged' } })
  await fetch(url, { method: 'POST', headers: { [LONG_ANSWER_HEADER]: 'forged' } })
  expect(seen).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), undefined, undefined])
})

it('says that the browser went, before the route took the connection or before it asked for it', async () => {
  for (const askFirst of [true, false]) {
    const [goOn, gone] = [vi.fn(), vi.fn()]
    let arrived: () => void = () => undefined
    const here = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const url = await serve(async (sent, response) => {
      const ticket = ticketOf(sent)
      if (askFirst) goOnByItself(ticket, { goOn, gone })
      arrived()
      await once(response, 'close')
      if (!askFirst) goOnByItself(ticket, { goOn, gone })
      response.end()
    })
    const sent = request(url).on('error', () => undefined)
    sent.end()
    await here
    sent.destroy()
    await vi.waitFor(() => expect(gone).toHaveBeenCalledTimes(1))
    expect(goOn).not.toHaveBeenCalled()
    close!()
  }
})
