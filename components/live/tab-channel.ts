import type { LiveEvent } from '@/lib/live/types'

/** What the tabs of one browser tell one another. */
export type TabMessage =
  /** From the leader: an event of the stream. */
  | { kind: 'event'; id: string; event: LiveEvent }
  /** From the leader: whether the stream is open; to a tab that is new also the newest event it heard. */
  | { kind: 'status'; connected: boolean; newestId?: string }
  /** From the leader: the session that all tabs share has ended. */
  | { kind: 'signed-out' }
  /** From the leader: tell me again what you show. */
  | { kind: 'who' }
  /** From any tab: the VM pages it shows, as `host/uuid`. */
  | { kind: 'watch'; tab: string; watches: string[] }
  | { kind: 'bye'; tab: string }

/** Tabs by BroadcastChannel; a browser without one has tabs that know nothing of each other. */
export function openTabChannel(onMessage: (message: TabMessage) => void): {
  send: (message: TabMessage) => void
  close: () => void
} {
  if (typeof BroadcastChannel === 'undefined') return { send: () => undefined, close: () => undefined }
  const channel = new BroadcastChannel('keyframe-live')
  channel.onmessage = (message: MessageEvent<TabMessage>) => onMessage(message.data)
  return { send: (message) => channel.postMessage(message), close: () => channel.close() }
}

/**
 * Calls `lead` once this tab is the one that holds the stream, when no other tab is left that does. Without Web Locks
 * (plain http from another machine) every tab leads for itself.
 */
export function leadWhenFirst(lead: () => void): () => void {
  if (typeof navigator.locks === 'undefined') {
    lead()
    return () => undefined
  }
  const given = new AbortController()
  let release = () => undefined as void
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  navigator.locks
    .request('keyframe-live', { signal: given.signal }, () => {
      lead()
      return held
    })
    .catch(() => undefined)
  return () => {
    given.abort()
    release()
  }
}
