'use client'

import { useEffect } from 'react'
import { shareOpenedPath } from '@/components/paths'

/** Says that a person opened the page: once, and not when it is read again. */
export function CountOpening({ token }: { token: string }) {
  useEffect(() => {
    void fetch(shareOpenedPath(token), { method: 'POST', keepalive: true }).catch(() => undefined)
  }, [token])
  return null
}
