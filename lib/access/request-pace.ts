const MINUTE_MS = 60_000
/** Of the requests that make a host work, such as a check or a plan: so many a minute of one session for one address. */
export const PER_ADDRESS = 30
/** Over all addresses: a dialog for many VMs asks for a form and a plan of each. */
export const PER_SESSION = 1_200
/** Counters at once; past it the one that moved longest ago is forgotten. */
const COUNTERS_MAXIMUM = 10_000

interface Window {
  endsAtMs: number
  count: number
}

/** Counts requests by the minute, in memory. */
export class RequestPace {
  readonly #windows = new Map<string, Window>()

  /** Counts one. @returns null, or the seconds to wait when there were too many. */
  take(sessionId: string, address: string, nowMs: number): number | null {
    return (
      this.#count(`${sessionId} ${address}`, PER_ADDRESS, nowMs) ?? this.#count(sessionId, PER_SESSION, nowMs)
    )
  }

  #count(key: string, limit: number, nowMs: number): number | null {
    const found = this.#windows.get(key)
    const window =
      found !== undefined && nowMs < found.endsAtMs ? found : { endsAtMs: nowMs + MINUTE_MS, count: 0 }
    if (window.count >= limit) return Math.max(1, Math.ceil((window.endsAtMs - nowMs) / 1_000))
    window.count += 1
    this.#windows.delete(key)
    this.#windows.set(key, window)
    if (this.#windows.size > COUNTERS_MAXIMUM) this.#windows.delete(this.#windows.keys().next().value!)
    return null
  }
}
