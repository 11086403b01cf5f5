import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: unknown
}

/** For tests: a real server on loopback that keeps what it got, and answers as `answer` says; 200 at first. */
export async function startReceiver() {
  const received: Received[] = []
  const receiver = {
    url: '',
    received,
    answer: (response: ServerResponse): void =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
    /** Answers with a status and words from now on. */
    answerWith(status: number, words = '', type = 'text/plain') {
      receiver.answer = (response) => void response.writeHead(status, { 'content-type': type }).end(words)
    },
    titles: () => received.map((each) => (each.body as { title: string }).title),
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      received.push({
        method: request.method!,
        path: request.url!,
        headers: request.headers,
        body: text === '' ? null : JSON.parse(text),
      })
      receiver.answer(response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return receiver
}
export type Receiver = Awaited<ReturnType<typeof startReceiver>>
