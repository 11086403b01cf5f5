'use client'

import { useEffect } from 'react'
import { keptAt } from '@/components/offline/kept-at'

const PAGES = 'keyframe-pages'

/** Where nobody is signed in: what this device kept of Keyframe goes, however the session ended. */
export function ForgetPages() {
  useEffect(() => {
    keptAt.clear()
    if (!('serviceWorker' in navigator)) return
    // The worker may just be keeping one; the cache goes at once all the same.
    navigator.serviceWorker.getRegistration().then((known) => known?.active?.postMessage({ type: 'forget' }), () => undefined)
    caches.delete(PAGES).catch(() => undefined)
  }, [])
  return null
}
