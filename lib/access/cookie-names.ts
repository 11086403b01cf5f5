/**
 * `__Host-`: browsers take it over TLS only, for this name only and the whole site, so that neighbours under the same domain can't set it.
 * Without TLS, on loopback, they would not take such a cookie.
 */
const SECURE = '__Host-keyframe-session'
const PLAIN = 'keyframe-session'

export const sessionCookieName = (secure: boolean): string => (secure ? SECURE : PLAIN)
export const SESSION_COOKIE_NAMES = [SECURE, PLAIN] as const
