'use client'

import { useRouter } from 'next/navigation'
import { createContext, useContext, useEffect, useEffectEvent, useState, type ReactNode } from 'react'
import type { LiveEvent } from '@/lib/live/types'
import { LiveClient } from '@/components/live/live-client'
import { LostNote } from '@/components/live/lost-note'

const Live = createContext<LiveClient | null>(null)
const Connected = createContext(false)

/** Holds this tab's end of the event stream, for everything below it. `since`: id of the newest event when the server began to render. */
export function LiveProvider({ since, children }: { since: string; children: ReactNode }) {
  const router = useRouter()
  const [connected, setConnected] = useState(true)
  const [client] = useState(() => new LiveClient(setConnected, since))
  useEffect(() => {
    const silence = client.listen((event) => {
      if (event.type === 'reload') router.refresh()
    })
    client.start()
    return () => {
      client.stop()
      silence()
    }
  }, [client, router])
  return (
    <Live value={client}>
      <Connected value={connected}>{children}</Connected>
      <LostNote connected={connected} />
    </Live>
  )
}

/** Hands every event to the handler while the component is mounted. */
export function useLive(handler: (event: LiveEvent) => void): void {
  const client = useContext(Live)
  const handle = useEffectEvent(handler)
  useEffect(() => client?.listen((event) => handle(event)), [client])
}

/** True while the event stream is up, so that what is shown needs no asking. */
export const useConnected = (): boolean => useContext(Connected)

/** Says that this tab shows the VM: its host is then polled fast. */
export function useWatch(host: string, vmUuid: string): void {
  const client = useContext(Live)
  useEffect(() => client?.watch(`${host}/${vmUuid}`), [client, host, vmUuid])
}
