/** What a run found before, where something of it was kept. */
export type Earlier = { atMs: number; passed: boolean }

const HOUR_MS = 3_600_000

/**
 * What a run of limited time begins with: what failed, then what never ran, then the oldest result. A fresh machine, as CI
 * has it, knows no results: there the hour says where to begin, so that run after run sees another part of the whole.
 */
export function oldestFirst<T>(
  all: readonly T[],
  earlierOf: (each: T) => Earlier | undefined,
  nowMs: number,
  step = 1,
): T[] {
  const from = all.length === 0 ? 0 : (Math.floor(nowMs / HOUR_MS) * step) % all.length
  const rank = (each: T) => {
    const earlier = earlierOf(each)
    if (earlier === undefined) return 0
    return earlier.passed ? earlier.atMs : -1
  }
  return [...all.slice(from), ...all.slice(0, from)].sort((a, b) => rank(a) - rank(b))
}
