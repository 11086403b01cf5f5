import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { allowLongAnswer } from './long-answer.ts'
import { METHODS, refuseRequest, type Refused } from './refuse-request.ts'
import { NOTHING_POLICY } from './response-headers.ts'

/** A request must have arrived whole by then. Bodies are small; event streams are answers, which this does not limit. */
const REQUEST_LIMIT_MS = 30_000
const HEAD_LIMIT_MS = 15_000
/** Event streams hold connections open. Past this Node closes new ones at once. */
const CONNECTIONS_MAXIMUM = 2_000
/** From one address, so that one machine can't take all places. Proxies, which come from one, stand on loopback or are trusted by name. */
const CONNECTIONS_OF_ADDRESS = 200
const LOOPBACK = /^(::1|(::ffff:)?127\.)/
/** Of a body that is refused so much is read and thrown away, so that the browser gets to see the answer; then the connection is cut. */
const DRAIN_MAX_BYTES = 4 * 1024 * 1024

interface GuardOptions {
  isProxy?: (address: string) => boolean
  transport?: string | null
}
type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Answers once the browser has sent all of it: one whose connection is closed while it writes does not get to see the answer. */
function answerAfterBody(
  request: IncomingMessage,
  response: ServerResponse,
  { status, sentence }: Refused,
): void {
  response.on('error', () => undefined)
  request.on('error', () => undefined)
  const answer = () => {
    if (response.writableEnded) return
    const allow = status === 405 ? { allow: METHODS.join(', ') } : {}
    response.writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': NOTHING_POLICY,
      'referrer-policy': 'no-referrer',
      connection: 'close',
      ...allow,
    })
    response.end(`${sentence}\n`)
  }
  let drainedBytes = 0
  request.on('data', (chunk: Buffer) => {
    drainedBytes += chunk.length
    if (drainedBytes <= DRAIN_MAX_BYTES) return
    answer()
    request.destroy()
  })
  request.on('end', answer)
}

/**
 * An HTTP server before `handle`, Next's: what `refuseRequest` refuses never gets there. `ownHost`: the name in KEYFRAME_URL.
 * `isProxy`: whose connections are those of many. `transport`: Strict-Transport-Security of every answer, files of the build and refusals among them; null for none.
 */
export function createGuardedServer(
  handle: Handle,
  ownHost: string,
  { isProxy = () => false, transport = null }: GuardOptions = {},
): Server {
  const server = createServer(
    { requestTimeout: REQUEST_LIMIT_MS, headersTimeout: HEAD_LIMIT_MS },
    (request, response) => {
      if (transport !== null) response.setHeader('strict-transport-security', transport)
      const { headers } = request
      const refused = refuseRequest(
        {
          method: request.method ?? 'GET',
          path: request.url ?? '/',
          host: headers.host,
          contentLength: headers['content-length'],
          contentType: headers['content-type'],
          transferEncoding: headers['transfer-encoding'],
          localAddress: request.socket.localAddress,
          cookie: headers.cookie,
        },
        ownHost,
      )
      if (refused === null) {
        allowLongAnswer(request, response)
        handle(request, response).catch(() => response.destroy())
        return
      }
      answerAfterBody(request, response, refused)
    },
  )
  server.maxConnections = CONNECTIONS_MAXIMUM
  const open = new Map<string, number>()
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? ''
    if (LOOPBACK.test(address) || isProxy(address)) return
    const count = (open.get(address) ?? 0) + 1
    if (count > CONNECTIONS_OF_ADDRESS) {
      socket.destroy()
      return
    }
    open.set(address, count)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
  })
  return server
}
