'use client'

import { useLive } from '@/components/live/live-provider'
import { useRefresh } from '@/components/live/use-refresh'

/** Far fewer times a minute than a check is answered (lib/access/request-pace.ts). */
const WAIT_MS = 2_500

/**
 * Checks again when a job of the host ended, and not at every change: a check looks at every file and every VM of its host.
 */
export function RefreshAfterJobs({ host }: { host: string }) {
  const refresh = useRefresh(WAIT_MS)
  useLive((event) => {
    if (event.type === 'job' && event.job.host === host && event.job.endedAtMs !== null) refresh()
  })
  return null
}
