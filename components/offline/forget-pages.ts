import { keptAt } from '@/components/offline/kept-at'

const PAGES = 'keyframe-pages'

/** Takes away what this device keeps of Keyframe for the time without a connection. */
export function forgetPages(): void {
  keptAt.clear()
  // Browsers have neither without TLS.
  if (!('serviceWorker' in navigator) || !('caches' in window)) return
  // The worker may just be keeping one; the cache goes at once all the same.
  navigator.serviceWorker.getRegistration().then(
    (known) => known?.active?.postMessage({ type: 'forget' }),
    () => undefined,
  )
  caches.delete(PAGES).catch(() => undefined)
}
