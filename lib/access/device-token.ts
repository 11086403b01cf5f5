import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** So long a browser stays known; each sign-in begins it again. */
export const DEVICE_LIFETIME_MS = 180 * 24 * 3_600_000
/** Users that one browser is known of: a cookie has 4 KB. */
const USERS_MAXIMUM = 5
const ID_BYTES = 12
const BETWEEN = '~'

/** The user of whom a browser is known. Another password is another hash: whoever had the old one is unknown again. */
export interface DeviceUser {
  id: string
  passwordHash: string
}

/** Signed over the user and the hash of the password; neither stands in the token. */
function signature(key: Buffer, user: DeviceUser, deviceId: string, untilMs: number): string {
  return createHmac('sha256', key)
    .update([user.id, user.passwordHash, deviceId, untilMs].join('\0'))
    .digest('base64url')
}

function readToken(key: Buffer, token: string, user: DeviceUser, nowMs: number): string | null {
  const [deviceId = '', until = '', signed = '', ...more] = token.split('.')
  const untilMs = Number(until)
  if (more.length > 0 || !(untilMs > nowMs)) return null
  const [given, right] = [Buffer.from(signed), Buffer.from(signature(key, user, deviceId, untilMs))]
  return given.length === right.length && timingSafeEqual(given, right) ? deviceId : null
}

const tokensOf = (cookie: string | undefined) =>
  (cookie ?? '')
    .split(BETWEEN)
    .filter((token) => token !== '')
    .slice(0, USERS_MAXIMUM)

/** The id of a browser that has signed in as this user before, by its cookie; null for any other. */
export function knownDevice(
  key: Buffer,
  cookie: string | undefined,
  user: DeviceUser,
  nowMs: number,
): string | null {
  for (const token of tokensOf(cookie)) {
    const deviceId = readToken(key, token, user, nowMs)
    if (deviceId !== null) return deviceId
  }
  return null
}

/** The cookie of a browser that has just signed in as this user: the newest first, and one token for each user. */
export function withDevice(key: Buffer, cookie: string | undefined, user: DeviceUser, nowMs: number): string {
  const untilMs = nowMs + DEVICE_LIFETIME_MS
  const deviceId = randomBytes(ID_BYTES).toString('base64url')
  const others = tokensOf(cookie).filter((token) => readToken(key, token, user, nowMs) === null)
  return [`${deviceId}.${untilMs}.${signature(key, user, deviceId, untilMs)}`, ...others]
    .slice(0, USERS_MAXIMUM)
    .join(BETWEEN)
}
