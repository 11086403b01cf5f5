'use client'

import { useRouter } from 'next/navigation'
import { useCallback, useEffect, useRef } from 'react'

/** Reads the page again, once for all calls within `waitMs`. */
export function useRefresh(waitMs: number): () => void {
  const router = useRouter()
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  return useCallback(() => {
    timer.current ??= setTimeout(() => { timer.current = undefined; router.refresh() }, waitMs)
  }, [router, waitMs])
}
