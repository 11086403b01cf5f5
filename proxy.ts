import { NextResponse, type NextRequest } from 'next/server'
import { SESSION_COOKIE_NAMES } from './lib/access/cookie-names.ts'
import { loginPath } from './lib/access/next-path.ts'
import { isShareAddress } from './lib/shares/share-address.ts'

/** Reachable without a session, share links besides: signing in, the first start, and what a browser asks for by itself. */
const PUBLIC = /^\/(login$|setup\/|api(\/|$)|_next\/|favicon\.ico$|sw\.js$|icons\/|apple-icon\.png$|icon\.svg$|manifest\.webmanifest$)/

/**
 * Sends whoever has no session cookie to the one sign-in page, whatever was asked for and whether it exists, and tells
 * pages their own path. It is no gate: each page, action and route looks the session up itself (lib/access).
 */
export function proxy(request: NextRequest): NextResponse {
  const path = request.nextUrl.pathname + request.nextUrl.search
  const signedIn = SESSION_COOKIE_NAMES.some((name) => request.cookies.has(name))
  if (!signedIn && !PUBLIC.test(request.nextUrl.pathname) && !isShareAddress(request.nextUrl.pathname) && request.method === 'GET') {
    return NextResponse.redirect(new URL(loginPath(path), request.url))
  }
  const headers = new Headers(request.headers)
  headers.set('x-keyframe-path', path)
  return NextResponse.next({ request: { headers } })
}

export const config = { matcher: ['/((?!_next/static|_next/image).*)'] }
