import 'server-only'
import { perProcess } from '../server/per-process.ts'

/** A comment this often keeps proxies from closing a stream. */
export const HEARTBEAT_MS = 15_000
/** Streams are taken in turn, so that not all of them look their sessions up at once. */
const TURNS = 15

type Beat = () => void
interface Heart {
  turns: Set<Beat>[]
  next: number
  timer: NodeJS.Timeout | null
}
const heart = perProcess('live/heartbeat', (): Heart => ({
  turns: Array.from({ length: TURNS }, () => new Set<Beat>()),
  next: 0,
  timer: null,
}))

function beat(): void {
  const { turns, next } = heart
  heart.next = (next + 1) % TURNS
  for (const each of [...turns[next]!]) each()
}

/** One timer for all streams. @returns how to end it. */
export function onHeartbeat(each: Beat): () => void {
  const turns = heart.turns
  const fewest = turns.reduce((least, turn) => (turn.size < least.size ? turn : least))
  fewest.add(each)
  heart.timer ??= setInterval(beat, HEARTBEAT_MS / TURNS)
  return () => {
    fewest.delete(each)
    const { timer } = heart
    if (timer === null || turns.some((turn) => turn.size > 0)) return
    clearInterval(timer)
    heart.timer = null
  }
}
