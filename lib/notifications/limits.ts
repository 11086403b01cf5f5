const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export const CHANNELS_MAXIMUM = 20
/** Of one request, from the look-up of the name to the end of the answer. */
export const REQUEST_LIMIT_MS = 10_000
/** Of one mail: several questions and answers, and servers let strangers wait for their greeting. */
export const MAIL_LIMIT_MS = 30_000
/** Between one attempt and the next; after the last one a message is given up. */
const WAITS_MS = [30_000, 2 * MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS]
export const ATTEMPTS_MAXIMUM = WAITS_MS.length + 1
export const LONGEST_WAIT_MS = Math.max(...WAITS_MS)
export const MESSAGES_KEPT_MS = 30 * 24 * HOUR_MS
/** More changes than this in one look are one message. */
export const SINGLE_MESSAGES_MAXIMUM = 3
/** Lines of a list in a message. */
export const LINES_MAXIMUM = 15

/** ms until the next attempt after so many; null: it is given up. Pure. */
export const waitAfter = (attempts: number): number | null => WAITS_MS[attempts - 1] ?? null
