import { addressGroup } from './address-group.ts'

/** Wrong passwords are counted over this time. */
export const WINDOW_MS = 5 * 60_000
/** From one place for one name; and from one known browser, or one session. */
export const PER_PLACE_AND_NAME = 5
/** From one place, over all names. */
export const PER_PLACE = 20
/** For one name, from all places: past it unknown browsers wait, and nobody is refused. */
export const PER_NAME = 50
/** Over all names: past it unknown browsers wait a little, and nobody is refused. */
export const OVERALL = 100
const OVERALL_DELAY_MS = 1_000
const OVERALL_JITTER_MS = 1_000
const FIRST_DELAY_MS = 1_000
/** So many more double the wait. */
const DOUBLES_EVERY = 5
const LAST_DELAY_MS = 15_000
/** Counters at once; past it the one that moved longest ago is forgotten. */
const COUNTERS_MAXIMUM = 20_000
/** Times kept in one counter, the newest: more tell nothing that a limit asks. */
const TIMES_MAXIMUM = 150
/** What is typed as a name may be a megabyte. */
const NAME_MAX_CHARACTERS = 200

/** Who guesses the passwords of links must not keep people from signing in, nor the other way round. */
export type GuessKind = 'user' | 'share'

export interface Guess {
  kind: GuessKind
  /** Of the user, or the id of the link. */
  name: string
  /** Where it comes from; null when that is not known: then all such places are one, in which nobody is refused for the others. */
  address: string | null
  /** What tells that this browser has had the password before, with a counter of its own; null for any other. */
  known: string | null
}

export type Admission =
  /** Not let through, and not counted. `firstTime`: since the limit was reached last. */
  | { waitMs: number; firstTime: boolean }
  /** Counted as wrong until `forget` says otherwise. `nameLimitReached`: by this one. */
  | { delayMs: number; nameLimitReached: boolean; forget(): void }

/** Doubles with every few past the limit. */
const growing = (past: number) =>
  past < 0 ? 0 : Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.floor(past / DOUBLES_EVERY))

/** Counts guesses at passwords in memory. What it decides depends on the guesses and their times alone. */
export class GuessLimits {
  readonly #times = new Map<string, number[]>()
  readonly #noticed = new Map<string, number>()

  get size(): number {
    return this.#times.size
  }

  admit(guess: Guess, nowMs: number, random: () => number = Math.random): Admission {
    const name = guess.name.slice(0, NAME_MAX_CHARACTERS)
    // Nothing that others do counts for a browser that is known: nobody elsewhere can lock it out.
    if (guess.known !== null) return this.#count([`known ${guess.known}`], PER_PLACE_AND_NAME, nowMs)
    const place = addressGroup(guess.address)
    const [pair, here, named, all] = [
      `${guess.kind} pair ${place} ${name}`,
      `${guess.kind} place ${place}`,
      `${guess.kind} name ${name}`,
      `${guess.kind} all`,
    ]
    if (place !== null) {
      const refused = this.#refused(pair, PER_PLACE_AND_NAME, nowMs) ?? this.#refused(here, PER_PLACE, nowMs)
      if (refused) return refused
    }
    const counted = (key: string) => this.#of(key, nowMs).length
    const delayMs = Math.max(
      growing(counted(named) - PER_NAME),
      place === null ? growing(counted(pair) - PER_PLACE_AND_NAME) : 0,
      place === null ? growing(counted(here) - PER_PLACE) : 0,
      counted(all) >= OVERALL ? OVERALL_DELAY_MS + random() * OVERALL_JITTER_MS : 0,
    )
    const nameLimitReached = counted(named) + 1 === PER_NAME
    return { ...this.#add([pair, here, named, all], nowMs), delayMs, nameLimitReached }
  }

  /** As after a start. */
  clear(): void {
    this.#times.clear()
    this.#noticed.clear()
  }

  #count(keys: string[], limit: number, nowMs: number): Admission {
    return (
      this.#refused(keys[0]!, limit, nowMs) ?? {
        ...this.#add(keys, nowMs),
        delayMs: 0,
        nameLimitReached: false,
      }
    )
  }

  #refused(key: string, limit: number, nowMs: number): Admission | null {
    const times = this.#of(key, nowMs)
    const oldest = times[times.length - limit]
    if (oldest === undefined) return null
    const untilMs = oldest + WINDOW_MS
    const firstTime = (this.#noticed.get(key) ?? 0) <= nowMs
    if (firstTime) this.#notice(key, untilMs)
    return { waitMs: untilMs - nowMs, firstTime }
  }

  /** The first of the keys is the narrowest: a right password clears it, and takes this one try from the others. */
  #add(keys: string[], nowMs: number): { forget(): void } {
    for (const key of keys) {
      const times = [...this.#of(key, nowMs), nowMs].slice(-TIMES_MAXIMUM)
      // Deleted first: a Map keeps the order in which keys were set.
      this.#times.delete(key)
      this.#times.set(key, times)
    }
    for (const key of this.#times.keys()) {
      if (this.#times.size <= COUNTERS_MAXIMUM && this.#of(key, nowMs).length > 0) break
      this.#times.delete(key)
    }
    return {
      forget: () => {
        const [narrowest, ...others] = keys
        this.#times.delete(narrowest!)
        for (const key of others) {
          const times = this.#times.get(key) ?? []
          const index = times.indexOf(nowMs)
          if (index >= 0) times.splice(index, 1)
        }
      },
    }
  }

  #of(key: string, nowMs: number): number[] {
    return (this.#times.get(key) ?? []).filter((at) => at > nowMs - WINDOW_MS)
  }

  #notice(key: string, untilMs: number): void {
    this.#noticed.delete(key)
    this.#noticed.set(key, untilMs)
    if (this.#noticed.size > COUNTERS_MAXIMUM) this.#noticed.delete(this.#noticed.keys().next().value!)
  }
}
