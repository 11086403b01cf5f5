'use client'

import { useSyncExternalStore } from 'react'
import { formatInstant } from '@/components/format-time'

const never = () => () => undefined

/** A moment in the reader's own zone; the server, which can't know it, sends its own. */
export function Instant({ ms, server }: { ms: number; server: string }) {
  const text = useSyncExternalStore(
    never,
    () => formatInstant(ms),
    () => server,
  )
  return (
    <time
      dateTime={new Date(ms).toISOString()}
      title={new Date(ms).toISOString()}
      className="whitespace-nowrap"
    >
      {text}
    </time>
  )
}
