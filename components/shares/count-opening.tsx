'use client'

import { useEffect } from 'react'
import { shareOpenedPath } from '@/components/paths'

/** Says that a person opened the page: once, and not when it is read again. Without JavaScript an image does. */
export function CountOpening({ token }: { token: string }) {
  useEffect(() => { void fetch(shareOpenedPath(token), { method: 'POST', keepalive: true }).catch(() => undefined) }, [token])
  // eslint-disable-next-line @next/next/no-img-element -- Next's own needs JavaScript.
  return <noscript><img src={shareOpenedPath(token)} alt="" width={1} height={1} className="absolute" /></noscript>
}
