const HOUR_MS = 3_600_000
/** New browsers of one address that count for one link in an hour: an office may share an address, and a script needs no cookies. */
export const OPENINGS_PER_HOUR = 10
/** Counters at once; past it the one that moved longest ago is forgotten. */
const COUNTERS_MAXIMUM = 10_000

/** Counts openings by the hour, in memory. */
export class OpeningPace {
  readonly #windows = new Map<string, { endsAtMs: number; count: number }>()

  /** Does one more from here count? */
  take(from: string, nowMs: number): boolean {
    const found = this.#windows.get(from)
    const window =
      found !== undefined && nowMs < found.endsAtMs ? found : { endsAtMs: nowMs + HOUR_MS, count: 0 }
    if (window.count >= OPENINGS_PER_HOUR) return false
    window.count += 1
    this.#windows.delete(from)
    this.#windows.set(from, window)
    if (this.#windows.size > COUNTERS_MAXIMUM) this.#windows.delete(this.#windows.keys().next().value!)
    return true
  }
}
