const READ = 'read:'

/** A lock of what a job only reads: any number of jobs may hold it, and none that holds the thing itself. */
export const readLock = (what: string): string => `${READ}${what}`

const ON = 'on:'

/** A lock of what another host than the job's own has, a file on storage that both see for example. */
export const lockOn = (host: string, what: string): string => `${ON}${JSON.stringify([host, what])}`

/** The lock as any host's jobs would name it: what is not said to be elsewhere is on the job's own host. */
export function qualify(lock: string, host: string): string {
  if (lock.startsWith(READ)) return readLock(qualify(lock.slice(READ.length), host))
  return lock.startsWith(ON) ? lock : lockOn(host, lock)
}

/** What a qualified lock is of, to show. */
export const lockedName = (lock: string): string => (JSON.parse(lock.slice(ON.length)) as [string, string])[1]

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
