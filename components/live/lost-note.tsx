'use client'

import { useEffect, useState } from 'react'

/** Shorter losses (the app restarts, a tab takes over) are no news. */
const SHOW_AFTER_MS = 1_000

/** Says that what is shown may be old. The empty region stands always: a live region that is added with its text is not read out. */
export function LostNote({ connected }: { connected: boolean }) {
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(!connected), connected ? 0 : SHOW_AFTER_MS)
    return () => clearTimeout(timer)
  }, [connected])
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 bottom-4 z-40 flex justify-center px-4">
      {late && !connected && (
        <p className="rounded-md border border-warn/50 bg-surface px-3 py-2 text-sm shadow-lg">
          Connection lost, catching up…
        </p>
      )}
    </div>
  )
}
