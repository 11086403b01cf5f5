import { randomBytes } from 'node:crypto'
import { NextResponse, type NextRequest } from 'next/server'
import { SESSION_COOKIE_NAMES } from './lib/access/cookie-names.ts'
import { loginPath } from './lib/access/next-path.ts'
import { NOTHING_POLICY, pagePolicy, strictTransport } from './lib/server/response-headers.ts'
import { settings } from './lib/settings/settings.ts'
import { isShareAddress } from './lib/shares/share-address.ts'

/** Reachable without a session, share links besides: signing in, the first start, and what a browser asks for by itself. */
const PUBLIC =
  /^\/(login$|setup\/|api(\/|$)|_next\/|favicon\.ico$|sw\.js$|icons\/|apple-icon\.png$|icon\.svg$|manifest\.webmanifest$)/

/** The same for everybody, and may be kept. */
const FILES = /^\/(favicon\.ico|sw\.js|icons\/.*|apple-icon\.png|icon\.svg|manifest\.webmanifest)$/
/** 128 bits, as the standard asks for (CSP 3, section 7.1). */
const NONCE_BYTES = 16

/**
 * Sends whoever has no session cookie to the one sign-in page, whatever was asked for and whether it exists, and tells
 * pages their own path. It is no gate: each page, action and route looks the session up itself (lib/access). What passes
 * here gets the policy of pages; the rest, files of the build, that of next.config.js.
 */
export function proxy(request: NextRequest): NextResponse {
  const response = answer(request)
  if (!FILES.test(request.nextUrl.pathname)) response.headers.set('cache-control', 'no-store')
  // Of the way to the sign-in page, and of what is not there.
  if (!response.headers.has('content-security-policy'))
    response.headers.set('content-security-policy', NOTHING_POLICY)
  const { url, hstsSubdomains } = settings()
  const transport = strictTransport(url, hstsSubdomains)
  if (transport !== null) response.headers.set('strict-transport-security', transport)
  return response
}

function answer(request: NextRequest): NextResponse {
  // With `images.unoptimized` Next's optimiser decodes nothing, but answers with the page for what is not there, which asks who one is.
  if (request.nextUrl.pathname === '/_next/image') return new NextResponse(null, { status: 404 })
  const path = request.nextUrl.pathname + request.nextUrl.search
  const signedIn = SESSION_COOKIE_NAMES.some((name) => request.cookies.has(name))
  if (
    !signedIn &&
    !PUBLIC.test(request.nextUrl.pathname) &&
    !isShareAddress(request.nextUrl.pathname) &&
    request.method === 'GET'
  ) {
    return NextResponse.redirect(new URL(loginPath(path), request.url))
  }
  const headers = new Headers(request.headers)
  headers.set('x-keyframe-path', path)
  const policy = pagePolicy(
    randomBytes(NONCE_BYTES).toString('base64'),
    process.env.NODE_ENV === 'development',
  )
  // Next reads the nonce from the request.
  headers.set('content-security-policy', policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  return response
}

export const config = { matcher: ['/((?!_next/static).*)'] }
