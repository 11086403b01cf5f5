export interface Looks {
  /** Resolves when a look that began after this call is over. */
  look(): Promise<void>
  readonly ended: boolean
  /** None begins any more; one that is under way is waited for. */
  end(): Promise<void>
}

/** Runs `lookOnce` one at a time: what is asked for while one is under way is one more after it. `afterwards` runs when none is asked for any more. Neither may reject. */
export function oneLookAtATime(lookOnce: () => Promise<void>, afterwards: () => Promise<void>): Looks {
  let again = false
  let ended = false
  let looking: Promise<void> | null = null
  return {
    get ended() {
      return ended
    },
    look() {
      again = true
      return (looking ??= (async () => {
        while (again && !ended) {
          again = false
          await lookOnce()
          if (!again && !ended) await afterwards()
        }
      })().finally(() => {
        looking = null
      }))
    },
    async end() {
      ended = true
      await looking
    },
  }
}
