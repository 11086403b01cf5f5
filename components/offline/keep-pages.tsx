'use client'

import { usePathname } from 'next/navigation'
import { useEffect } from 'react'
import { keptAt } from '@/components/offline/kept-at'

const SERVICE_WORKER = '/sw.js'
/** A page that is open is kept anew from time to time; each costs one read of it. */
const KEEP_EVERY_MS = 5 * 60_000

/**
 * Has this device keep the pages that one looks up on the way, for when Keyframe can't be reached (public/sw.js decides
 * which). Browsers allow it with TLS and on localhost only.
 */
export function KeepPages() {
  const path = usePathname()
  useEffect(() => {
    if (!('serviceWorker' in navigator)) return
    navigator.serviceWorker.register(SERVICE_WORKER, { updateViaCache: 'none' }).catch(() => undefined)
  }, [])
  useEffect(() => {
    if (!('serviceWorker' in navigator)) return
    const keep = () => {
      if (document.visibilityState !== 'visible' || Date.now() - (keptAt.get(path) ?? 0) < KEEP_EVERY_MS)
        return
      keptAt.set(path, Date.now())
      navigator.serviceWorker.ready.then(
        ({ active }) => active?.postMessage({ type: 'keep', path }),
        () => undefined,
      )
    }
    keep()
    const timer = setInterval(keep, KEEP_EVERY_MS)
    return () => clearInterval(timer)
  }, [path])
  return null
}
