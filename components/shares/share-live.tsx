'use client'

import { createContext, useContext, useEffect, useEffectEvent, useState, type ReactNode } from 'react'
import type { ShareEvent } from '@/lib/shares/types'
import { LostNote } from '@/components/live/lost-note'
import { useRefresh } from '@/components/live/use-refresh'
import { shareEventsPath, sharePath } from '@/components/paths'

const REFRESH_WAIT_MS = 300
const RETRY_MS = 5_000

/** `resumed`: the stream was lost and is back; what it told before may be old. */
type Handler = (event: ShareEvent | { type: 'resumed' }) => void
const Events = createContext<Set<Handler> | null>(null)

/** Holds the event stream of a share: its page is read again when something changed, and says so when the link has ended. */
export function ShareLive({ token, since, children }: { token: string; since: string; children: ReactNode }) {
  const [handlers] = useState(() => new Set<Handler>())
  const [connected, setConnected] = useState(true)
  const [first] = useState(since)
  const refresh = useRefresh(REFRESH_WAIT_MS)
  useEffect(() => {
    let lastId = first
    let timer: ReturnType<typeof setTimeout> | undefined
    let source: EventSource
    let lost = false
    const open = () => {
      source = new EventSource(shareEventsPath(token, lastId))
      source.addEventListener('hello', () => {
        setConnected(true)
        if (!lost) return
        lost = false
        refresh()
        for (const handler of handlers) handler({ type: 'resumed' })
      })
      source.onmessage = (message: MessageEvent<string>) => {
        lastId = message.lastEventId || lastId
        const event = JSON.parse(message.data) as ShareEvent
        if (event.type === 'ended') {
          source.close()
          location.reload()
          return
        }
        if (event.type === 'changed') refresh()
        for (const handler of handlers) handler(event)
      }
      source.onerror = () => {
        lost = true
        setConnected(false)
        // The browser itself retries a stream that broke, but none that was answered with an error.
        if (source.readyState === EventSource.CLOSED) timer = setTimeout(() => void again(), RETRY_MS)
      }
    }
    /** An EventSource does not tell why it was refused: the page does. */
    const again = async () => {
      const answer = await fetch(sharePath(token), { method: 'HEAD' }).catch(() => null)
      if (answer?.status === 404) location.reload()
      else open()
    }
    open()
    return () => {
      clearTimeout(timer)
      source.close()
    }
  }, [token, first, handlers, refresh])
  return (
    <Events value={handlers}>
      {children}
      <LostNote connected={connected} />
    </Events>
  )
}

/** Hands every event of the share to the handler while the component is mounted. */
export function useShareEvents(handler: Handler): void {
  const handlers = useContext(Events)
  const handle = useEffectEvent(handler)
  useEffect(() => {
    const own: Handler = (event) => handle(event)
    handlers?.add(own)
    return () => void handlers?.delete(own)
  }, [handlers])
}
