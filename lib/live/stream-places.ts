import 'server-only'
import { perProcess } from '../server/per-process.ts'

/** Open event streams of the process. One costs about 22 KB of heap (`e2e/bench/streams.ts`). */
export const STREAMS_MAXIMUM = 500
/** Of these so many at most are of share links, which anybody may have: the rest is for who is signed in. */
export const SHARED_STREAMS_MAXIMUM = 300
/** Tabs of one browser share one stream, so more than a few are connections that broke without a word, and those are the oldest. */
export const STREAMS_PER_SESSION = 20

type Close = () => void
interface Places {
  /** Session → how to close its streams, the oldest first. */
  bySession: Map<string, Set<Close>>
  signedIn: number
  shared: number
}
const places = perProcess('live/stream-places', (): Places => ({
  bySession: new Map(),
  signedIn: 0,
  shared: 0,
}))

const isFull = () => places.signedIn + places.shared >= STREAMS_MAXIMUM

/**
 * Takes a place for one more stream of a session; past the session's limit its oldest one is closed. @returns how to give the
 * place back, or null when the process has none left. `close` must end the stream, which gives its place back.
 */
export function takeSessionPlace(sessionId: string, close: Close): (() => void) | null {
  const { bySession } = places
  const open = bySession.get(sessionId) ?? new Set<Close>()
  while (open.size >= STREAMS_PER_SESSION) {
    const [oldest] = open
    open.delete(oldest!)
    oldest!()
  }
  if (isFull()) return null
  // Closing the last one may have taken the session's set away.
  bySession.set(sessionId, open.add(close))
  places.signedIn += 1
  return once(() => {
    open.delete(close)
    if (open.size === 0 && bySession.get(sessionId) === open) bySession.delete(sessionId)
    places.signedIn -= 1
  })
}

/** The same for a stream of a share link. */
export function takeSharedPlace(): (() => void) | null {
  if (isFull() || places.shared >= SHARED_STREAMS_MAXIMUM) return null
  places.shared += 1
  return once(() => {
    places.shared -= 1
  })
}

function once(act: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    act()
  }
}
