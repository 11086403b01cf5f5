import type { TargetState } from '@/lib/backups/targets/target-states'
import { formatBytes } from '@/components/format-bytes'

/** Free space and quota of a target in a few words. */
export function spaceOf(target: Pick<TargetState, 'freeBytes' | 'quotaBytes' | 'usedBytes'>): string {
  const free =
    target.freeBytes === null ? 'free space not known yet' : `${formatBytes(target.freeBytes)} free`
  return target.quotaBytes === null
    ? free
    : `${free}, ${formatBytes(target.usedBytes)} of the quota of ${formatBytes(target.quotaBytes)} used`
}
