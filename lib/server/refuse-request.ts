import { isIP } from 'node:net'

const KIB = 1024
/** What a page's form posts at most: Next's server actions take no more either. */
export const BODY_MAX_BYTES = 1024 * KIB
/** What is posted without a session, and to routes: a name, a password, a token. */
export const SMALL_BODY_MAX_BYTES = 16 * KIB
/** Pages and routes are read, forms are posted. TRACE would send a request's cookies back to whoever can read the answer. */
export const METHODS: readonly string[] = ['GET', 'HEAD', 'POST']

/** Where anybody may post, and where no route takes more than a few words. */
const SMALL = /^\/(login|setup|s|api)(\/|$)/
/** Whoever has none can post nothing that is large; whether it is good is seen later. */
const SESSION = /(?:^|;\s*)(?:__Host-)?keyframe-session=/
const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/

/** Of a request what can be judged before its body is read. */
export interface RequestHead {
  method: string
  /** Path and query, as the browser sent them. */
  path: string
  host: string | undefined
  contentLength: string | undefined
  contentType: string | undefined
  transferEncoding: string | undefined
  /** The address at this end of the connection. */
  localAddress: string | undefined
  cookie: string | undefined
}

export interface Refused {
  status: 400 | 405 | 411 | 413 | 421
  sentence: string
}

/** The name or address in a Host header, without port and brackets; null when it is none. */
function hostnameOf(host: string): string | null {
  // A name may end with a dot, which says that it is whole.
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]*[a-z0-9_-])\.?)(?::\d{1,5})?$/i.exec(host)
  return (match?.[1] ?? match?.[2])?.toLowerCase() ?? null
}

const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '').toLowerCase()

/**
 * Why a request is not served at all, or null. Decided by its head alone, so that a body that is too large is never parsed:
 * Node's URLSearchParams takes minutes for a few MB of `a&` (measured: 1 MB 4 s, 2 MB 39 s).
 *
 * `ownHost`: the name in KEYFRAME_URL. A name that is not ours is refused, for a page elsewhere can let its own name lead
 * here (DNS rebinding); an address counts where the connection came in at it.
 */
export function refuseRequest(head: RequestHead, ownHost: string): Refused | null {
  // Monitors that speak HTTP/1.0 name none; no browser leaves it out.
  if (head.host === undefined && pathOf(head.path) === '/api/health') return refuseBody(head)
  const hostname = head.host === undefined ? null : hostnameOf(head.host)
  if (hostname === null) return { status: 400, sentence: 'The request names no host.' }
  const atAddress =
    isIP(hostname) !== 0 && head.localAddress !== undefined && plain(head.localAddress) === hostname
  if (hostname !== ownHost.toLowerCase() && !LOOPBACK.test(hostname) && !atAddress) {
    return {
      status: 421,
      sentence: `Keyframe is not served under the name ${hostname}. If it should be, set KEYFRAME_URL to the address that people type.`,
    }
  }
  return refuseBody(head)
}

function refuseBody(head: RequestHead): Refused | null {
  if (head.transferEncoding !== undefined)
    return {
      status: 411,
      sentence: 'Send a Content-Length: Keyframe reads no body whose length it does not know.',
    }
  const bytes = head.contentLength === undefined ? 0 : Number(head.contentLength)
  const limitBytes = bodyLimitBytes(head)
  if (!(bytes <= limitBytes))
    return { status: 413, sentence: `The request is too large: at most ${limitBytes} bytes.` }
  if (!METHODS.includes(head.method))
    return { status: 405, sentence: `Keyframe answers ${METHODS.join(', ')} only.` }
  return null
}

/** As Next sees it: decoded, without query, and without the host that an absolute form names. */
function pathOf(path: string): string {
  try {
    return decodeURIComponent(new URL(path, 'http://own').pathname)
  } catch {
    return '/'
  }
}

function bodyLimitBytes({ method, path, contentType, cookie }: RequestHead): number {
  if (method !== 'POST') return 0
  // No form of ours posts in this encoding but that of a share's password.
  const isUrlEncoded = /^\s*application\/x-www-form-urlencoded/i.test(contentType ?? '')
  const isSignedIn = SESSION.test(cookie ?? '')
  return isUrlEncoded || !isSignedIn || SMALL.test(pathOf(path)) ? SMALL_BODY_MAX_BYTES : BODY_MAX_BYTES
}
