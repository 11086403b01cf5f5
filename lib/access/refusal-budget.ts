export const BUDGET_WINDOW_MS = 3_600_000
/** Of one user, or of all that name none, in an hour. More tell nothing new, and each is kept for ever. */
export const BUDGET_RECORDS = 60

interface Window {
  endsAtMs: number
  records: number
  more: number
}

/** How many refusals are recorded one by one, and how many are only counted. The caller asks for sums when windows end. */
export class RefusalBudget {
  readonly #windows = new Map<string, Window>()

  /** Is this one recorded? Else it is counted, and `sum` gives it when the window ends. A window that ended begins again. */
  take(key: string, nowMs: number): { record: true } | { record: false; endsAtMs: number } {
    const found = this.#windows.get(key)
    // One with a sum that nobody has taken yet goes on until it is taken.
    const window =
      found !== undefined && (nowMs < found.endsAtMs || found.more > 0)
        ? found
        : { endsAtMs: nowMs + BUDGET_WINDOW_MS, records: 0, more: 0 }
    this.#windows.set(key, window)
    if (window.records < BUDGET_RECORDS) {
      window.records += 1
      return { record: true }
    }
    window.more += 1
    return { record: false, endsAtMs: window.endsAtMs }
  }

  /** How many were only counted; they are forgotten with that, and the next refusal begins a new window. */
  sum(key: string): number {
    const more = this.#windows.get(key)?.more ?? 0
    this.#windows.delete(key)
    return more
  }

  /** Keys with a sum that is still to be recorded. */
  pending(): string[] {
    return [...this.#windows].filter(([, { more }]) => more > 0).map(([key]) => key)
  }

  /** Drops windows that ended and have nothing to say, so that what is kept stays as few as who is refused in an hour. */
  sweep(nowMs: number): void {
    for (const [key, { endsAtMs, more }] of this.#windows)
      if (endsAtMs <= nowMs && more === 0) this.#windows.delete(key)
  }
}
