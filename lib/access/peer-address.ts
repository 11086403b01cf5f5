import 'server-only'
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { perProcess } from '../server/per-process.ts'

/** Holds the address at the other end of a request's connection. Whatever a client sends under this name is overwritten. */
export const PEER_HEADER = 'x-keyframe-peer'

const shared = perProcess<{ marks?: true }>('access/peer-address', () => ({}))

/**
 * Next tells no code of ours who is at the other end, and takes `X-Forwarded-For` from anybody. Node's HTTP server tells of
 * each request before it is handled: the address goes into a header there.
 */
export function markPeers(): void {
  if (shared.marks) return
  shared.marks = true
  subscribe('http.server.request.start', (message) => {
    const { request, socket } = message as { request: IncomingMessage; socket: Socket }
    request.headers[PEER_HEADER] = socket.remoteAddress ?? ''
  })
}

/** False where nobody overwrites the header: then it is a client's word. */
export const marksPeers = (): boolean => shared.marks === true
