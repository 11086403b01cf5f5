import type { JobView } from '@/lib/jobs/types'
import type { VmSummary } from '@/lib/hosts/types'

export type PowerOffer = 'start' | 'shutdown' | 'force-off' | 'resume' | 'wake-up'

/** A shutdown that the guest did not follow is remembered this long. */
const ASKED_MS = 10 * 60_000

/** Which power acts a VM's page shows. Force off comes where a shutdown was asked for, or can't be. */
export function powerOffers(
  vm: Pick<VmSummary, 'state'>,
  jobs: readonly JobView[],
  nowMs = Date.now(),
): PowerOffer[] {
  switch (vm.state) {
    case 'shut off':
      return ['start']
    case 'crashed':
      return ['start', 'force-off']
    case 'paused':
      return ['resume', 'force-off']
    case 'pmsuspended':
      return ['wake-up', 'force-off']
    case 'shutting down':
      return ['force-off']
    case 'running':
    case 'blocked':
      return wasAsked(jobs, nowMs) ? ['shutdown', 'force-off'] : ['shutdown']
    case 'no state':
      return []
  }
}

function wasAsked(jobs: readonly JobView[], nowMs: number): boolean {
  const last = jobs.find((job) => job.kind === 'shutdown' || job.kind === 'start')
  return last?.kind === 'shutdown' && last.status !== 'succeeded' && nowMs - last.createdAtMs < ASKED_MS
}
