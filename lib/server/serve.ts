import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { allowLongAnswer } from './long-answer.ts'
import { METHODS, refuseRequest, type Refused } from './refuse-request.ts'
import { NOTHING_POLICY } from './response-headers.ts'

/** A request must have arrived whole by then. Bodies are small; event streams are answers, which this does not limit. */
const REQUEST_LIMIT_MS = 30_000
const HEAD_LIMIT_MS = 15_000
/** Event streams hold connections open; past this new ones wait. */
const CONNECTIONS_MAXIMUM = 2_000
/** Of a body that is refused so much is read and thrown away, so that the browser gets to see the answer; then the connection is cut. */
const DRAIN_MAX_BYTES = 4 * 1024 * 1024

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Answers once the browser has sent all of it: one whose connection is closed while it writes does not get to see the answer. */
function answerAfterBody(request: IncomingMessage, response: ServerResponse, { status, sentence }: Refused): void {
  response.on('error', () => undefined)
  request.on('error', () => undefined)
  const answer = () => {
    if (response.writableEnded) return
    const allow = status === 405 ? { allow: METHODS.join(', ') } : {}
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-security-policy': NOTHING_POLICY, 'referrer-policy': 'no-referrer', connection: 'close', ...allow })
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
 * `transport`: Strict-Transport-Security of every answer, files of the build and refusals among them; null for none.
 */
export function createGuardedServer(handle: Handle, ownHost: string, transport: string | null = null): Server {
  const server = createServer({ requestTimeout: REQUEST_LIMIT_MS, headersTimeout: HEAD_LIMIT_MS }, (request, response) => {
    if (transport !== null) response.setHeader('strict-transport-security', transport)
    const { headers } = request
    const refused = refuseRequest({
      method: request.method ?? 'GET', path: request.url ?? '/', host: headers.host, contentLength: headers['content-length'], contentType: headers['content-type'],
      transferEncoding: headers['transfer-encoding'], localAddress: request.socket.localAddress,
    }, ownHost)
    if (refused === null) {
      allowLongAnswer(request, response)
      handle(request, response).catch(() => response.destroy())
      return
    }
    answerAfterBody(request, response, refused)
  })
  server.maxConnections = CONNECTIONS_MAXIMUM
  return server
}
