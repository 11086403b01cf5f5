import 'server-only'
import { takeSharedPlace } from '../live/stream-places.ts'

/** Open streams of one share: whoever has the link may be anyone. */
const STREAMS_MAXIMUM = 100

interface Shared {
  keyframeShareStreams?: Map<string, number>
}
// Next evaluates this module up to three times in one process (lib/README.md, “Next.js”).
const shared = globalThis as Shared
const open = () => (shared.keyframeShareStreams ??= new Map())

/** Takes a place for one more stream of a share, among those of the process. @returns how to give it back, or null when there is none left. */
export function takeStream(shareId: string): (() => void) | null {
  const count = open().get(shareId) ?? 0
  if (count >= STREAMS_MAXIMUM) return null
  const leave = takeSharedPlace()
  if (!leave) return null
  open().set(shareId, count + 1)
  return () => {
    leave()
    const left = (open().get(shareId) ?? 1) - 1
    if (left > 0) open().set(shareId, left)
    else open().delete(shareId)
  }
}
