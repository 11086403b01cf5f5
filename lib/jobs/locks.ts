const READ = 'read:'

/** A lock of what a job only reads: any number of jobs may hold it, and none that holds the thing itself. */
export const readLock = (what: string): string => `${READ}${what}`

/** What two jobs can't hold at the same time, in words; null when they get along. */
export function conflictOf(held: readonly string[], wanted: readonly string[]): string | null {
  const taken = new Set(held)
  for (const lock of wanted) {
    const reads = lock.startsWith(READ)
    const what = reads ? lock.slice(READ.length) : lock
    if (taken.has(what) || (!reads && taken.has(readLock(what)))) return what
  }
  return null
}
