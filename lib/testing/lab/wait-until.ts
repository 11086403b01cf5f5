import { setTimeout as sleep } from 'node:timers/promises'

export type WaitOptions = {
  limitMs: number
  everyMs?: number
  what: string
  hint?: string
  giveUpOn?: (error: unknown) => boolean
}

/** Asks again until the answer is neither undefined nor false; the error keeps why the last ask failed. */
export async function waitUntil<T>(
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  { limitMs, everyMs = 100, what, hint, giveUpOn }: WaitOptions,
): Promise<T> {
  const endMs = Date.now() + limitMs
  let last: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
      last = undefined
    } catch (error) {
      if (giveUpOn?.(error)) throw error
      last = error
    }
    if (Date.now() >= endMs) {
      const why = last instanceof Error ? ` Last answer: ${last.message}.` : ''
      throw new Error(`${what} did not happen within ${limitMs} ms.${why}${hint ? ` ${hint}` : ''}`, {
        cause: last,
      })
    }
    await sleep(everyMs)
  }
}
