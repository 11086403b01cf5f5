import 'server-only'
import { perProcess } from '../server/per-process.ts'
import { store } from '../store/store.ts'
import { GuessLimits, type Guess } from './guess-limits.ts'
import { WaitingRoom } from './waiting-room.ts'

/** Tries that wait at once; each of one name past the first ten, and each past them all, has to come again. */
const WAITING_MAXIMUM = 100
const WAITING_PER_NAME = 10
const FORGET = 'failures-forgotten'
const MINUTE_MS = 60_000

const throttle = perProcess('access/throttle', () => ({
  limits: new GuessLimits(),
  room: new WaitingRoom(WAITING_MAXIMUM, WAITING_PER_NAME),
  forgottenAtMs: Date.now(),
}))

export type Try =
  /** May not try. `firstTime`: nobody was kept out by this limit before. */
  | { waitMinutes: number; firstTime: boolean }
  /** No place to wait in: try again in a few seconds. */
  | 'busy'
  /** May try, and has waited where that was asked. */
  | { nameLimitReached: boolean; right(): void }

/**
 * Counts this try as a wrong one, until `right` is called. All in memory: a flood of guesses must not become a flood of writes.
 * README.md says what is counted, and who waits.
 */
export async function countTry(guess: Guess): Promise<Try> {
  await forgetWhenAsked()
  const { limits, room } = throttle
  const admission = limits.admit(guess, Date.now())
  if ('waitMs' in admission)
    return {
      waitMinutes: Math.max(1, Math.ceil(admission.waitMs / MINUTE_MS)),
      firstTime: admission.firstTime,
    }
  if (!(await room.wait(`${guess.kind} ${guess.name}`, admission.delayMs))) return 'busy'
  return { nameLimitReached: admission.nameLimitReached, right: () => admission.forget() }
}

/** Forgets all wrong tries, in this process. */
export function forgetFailures(): void {
  throttle.limits.clear()
}

/** Has the process that runs forget all wrong tries before the next one: for a command beside it. */
export async function askToForget(db: Pick<ReturnType<typeof store>, 'insertInto'>): Promise<void> {
  await db
    .insertInto('access_marks')
    .values({ name: FORGET, at_ms: Date.now() })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ at_ms: Date.now() }))
    .execute()
}

async function forgetWhenAsked(): Promise<void> {
  const mark = await store()
    .selectFrom('access_marks')
    .select('at_ms')
    .where('name', '=', FORGET)
    .executeTakeFirst()
  if (mark === undefined || mark.at_ms <= throttle.forgottenAtMs) return
  throttle.forgottenAtMs = mark.at_ms
  forgetFailures()
}
