/**
 * `__Host-`: browsers take it over TLS only, for this name only and the whole site, so that neighbours under the same domain can't set it.
 * Without TLS, on loopback, they would not take such a cookie.
 */
const SECURE = '__Host-keyframe-session'
const PLAIN = 'keyframe-session'
const SECURE_DEVICE = '__Host-keyframe-device'
const PLAIN_DEVICE = 'keyframe-device'

export const sessionCookieName = (secure: boolean): string => (secure ? SECURE : PLAIN)
export const SESSION_COOKIE_NAMES = [SECURE, PLAIN] as const
/** Of a browser that has signed in before. */
export const deviceCookieName = (secure: boolean): string => (secure ? SECURE_DEVICE : PLAIN_DEVICE)
