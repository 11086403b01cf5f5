'use client'

import { useRouter } from 'next/navigation'
import { useCallback, useEffect, useRef } from 'react'

/** Reads the page again, once for all calls within `waitMs`. */
export function useRefresh(waitMs: number, waitForDialog = false): () => void {
  const router = useRouter()
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  return useCallback(() => {
    const later = () => {
      if (waitForDialog && document.querySelector('[role=dialog]')) {
        timer.current = setTimeout(later, waitMs)
        return
      }
      timer.current = undefined
      router.refresh()
    }
    timer.current ??= setTimeout(later, waitMs)
  }, [router, waitMs, waitForDialog])
}
