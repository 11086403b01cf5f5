import 'server-only'
import { takeSharedPlace } from '../live/stream-places.ts'
import { perProcess } from '../server/per-process.ts'

/** Open streams of one share: whoever has the link may be anyone. */
const STREAMS_MAXIMUM = 100

const open = perProcess('shares/streams', () => new Map<string, number>())

/** Takes a place for one more stream of a share, among those of the process. @returns how to give it back, or null when there is none left. */
export function takeStream(shareId: string): (() => void) | null {
  const count = open.get(shareId) ?? 0
  if (count >= STREAMS_MAXIMUM) return null
  const leave = takeSharedPlace()
  if (!leave) return null
  open.set(shareId, count + 1)
  return () => {
    leave()
    const left = (open.get(shareId) ?? 1) - 1
    if (left > 0) open.set(shareId, left)
    else open.delete(shareId)
  }
}
