/** A look serves whoever asks so long after its end, unless something was seen to change since it began. */
export const SHARED_MS = 5_000

interface Look<T> {
  result: Promise<T>
  begun: { changes: number } | null
  endedAtMs: number | null
}

interface HostLooks<T> {
  /** By what is looked at. */
  looks: Map<string, Look<T>>
  /** Resolves when the last look that was asked for is over. */
  last: Promise<unknown>
  changes: number
}

/** Looks at hosts, one at a time at each, and shares them. */
export class SharedLooks<T> {
  readonly #hosts = new Map<string, HostLooks<T>>()

  /** Something of this host changed: a look that began before is not shared any more. */
  changed(host: string): void {
    this.#of(host).changes += 1
  }

  /** What `look` gives: of one that is under way, or that ended a moment ago, or of a new one, when no other is under way at the host. */
  look(host: string, what: string, look: () => Promise<T>): Promise<T> {
    const of = this.#of(host)
    for (const [key, kept] of of.looks) if (!isFresh(kept, of.changes)) of.looks.delete(key)
    const found = of.looks.get(what)
    if (found) return found.result
    const made: Look<T> = {
      begun: null,
      endedAtMs: null,
      result: of.last.then(() => {
        made.begun = { changes: of.changes }
        return look()
      }),
    }
    of.looks.set(what, made)
    of.last = made.result.then(
      () => {
        made.endedAtMs = Date.now()
      },
      () => {
        if (of.looks.get(what) === made) of.looks.delete(what)
      },
    )
    return made.result
  }

  #of(host: string): HostLooks<T> {
    const found = this.#hosts.get(host) ?? { looks: new Map(), last: Promise.resolve(), changes: 0 }
    this.#hosts.set(host, found)
    return found
  }
}

/** One that waits for its turn sees all that changes until then. */
function isFresh({ begun, endedAtMs }: Look<unknown>, changes: number): boolean {
  return (
    begun === null ||
    (begun.changes === changes && (endedAtMs === null || Date.now() - endedAtMs < SHARED_MS))
  )
}
