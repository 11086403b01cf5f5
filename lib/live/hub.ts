import 'server-only'
import { randomUUID } from 'node:crypto'
import { perProcess } from '../server/per-process.ts'
import type { LiveEvent } from './types.ts'

export interface NumberedEvent {
  /** `<boot>-<sequence>`. */
  id: string
  event: LiveEvent
}

export interface Subscription {
  /** What the browser missed since the id it gave; [reload] when that id is not known here any more. */
  missed: NumberedEvent[]
  end(): void
}

/** Events kept for browsers that lost their connection. */
const KEPT_EVENTS = 2_000

interface Hub {
  boot: string
  sequence: number
  kept: NumberedEvent[]
  listeners: Map<symbol, (event: NumberedEvent) => void>
  /** host/uuid → how many streams look at it. */
  watched: Map<string, number>
  closers: Set<() => void>
}

const hub = perProcess('live/hub', (): Hub => ({
  boot: randomUUID().slice(0, 8),
  sequence: 0,
  kept: [],
  listeners: new Map(),
  watched: new Map(),
  closers: new Set(),
}))

/** Tells every open page. */
export function publish(event: LiveEvent): void {
  const { boot, kept, listeners } = hub
  const numbered = { id: `${boot}-${++hub.sequence}`, event }
  kept.push(numbered)
  if (kept.length > KEPT_EVENTS) kept.shift()
  for (const listener of listeners.values()) listener(numbered)
}

/** Id of the newest event: where a new stream begins. */
export const newestId = (): string => `${hub.boot}-${hub.sequence}`

/** Hands every further event to the listener; `sinceId` is where a browser left off, or null for a new one. */
export function subscribe(sinceId: string | null, listener: (event: NumberedEvent) => void): Subscription {
  const key = Symbol('subscription')
  hub.listeners.set(key, listener)
  return { missed: sinceId === null ? [] : since(sinceId), end: () => void hub.listeners.delete(key) }
}

function since(id: string): NumberedEvent[] {
  const { boot, sequence, kept } = hub
  const match = /^(.+)-(\d+)$/.exec(id)
  const last = Number(match?.[2])
  const oldest = sequence - kept.length
  if (match?.[1] !== boot || last < oldest || last > sequence)
    return [{ id: newestId(), event: { type: 'reload' } }]
  return kept.slice(last - oldest)
}

const watchKey = (host: string, vmUuid: string) => `${host}/${vmUuid}`

/** Says that a page of this VM is open until the result is called. */
export function watch(host: string, vmUuid: string): () => void {
  const { watched } = hub
  const key = watchKey(host, vmUuid)
  watched.set(key, (watched.get(key) ?? 0) + 1)
  return () => {
    const left = (watched.get(key) ?? 1) - 1
    if (left > 0) watched.set(key, left)
    else watched.delete(key)
  }
}

/** True while any browser has a page of this VM open. */
export const isWatched = (host: string, vmUuid: string): boolean => hub.watched.has(watchKey(host, vmUuid))

/** Remembers how to close an open stream: one that stays open would keep the server alive after SIGTERM. */
export function onShutdown(close: () => void): () => void {
  hub.closers.add(close)
  return () => void hub.closers.delete(close)
}

/** Ends every open stream. */
export function closeStreams(): void {
  for (const close of hub.closers) close()
}
