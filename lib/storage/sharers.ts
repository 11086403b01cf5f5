import type { FoundUse } from './file-users.ts'
import type { Use, UseKind } from './types.ts'

/** One disk of a VM, for which a file is looked at. */
export interface OwnDisk {
  host: string
  vmUuid: string
  target: string
}

/** What tells most comes first: a disk that has the file open says more than the definition that leads to it. */
const ORDER: UseKind[] = ['disk', 'next start', 'snapshot', 'memory', 'configuration']

/**
 * Whether it is a need besides that of the disk itself: any of another VM, of another disk of the VM, and of its next start where
 * that opens another file, for libvirt brings the next start in line only where it opens what the disk has now. The VM's own
 * snapshots are none (plans know them as restore points), nor is its definition.
 */
export const isSharer = (use: Use, own: OwnDisk): boolean =>
  use.host !== own.host ||
  use.vmUuid !== own.vmUuid ||
  (use.kind === 'next start' && use.isOther) ||
  ((use.kind === 'disk' || use.kind === 'next start') && use.target !== own.target)

/** What else needs a file of a disk's chain, one need of each kind for each VM. Pure. */
export function sharersOf(uses: readonly FoundUse[], own: OwnDisk): FoundUse[] {
  const sorted = uses
    .filter((use) => isSharer(use, own))
    .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind))
  const said = new Set<string>()
  return sorted.filter((use) => {
    // A disk that has it now will most often have it at the next start, too, and is named by its configuration.
    const key = JSON.stringify([
      use.host,
      use.vmUuid,
      use.snapshot,
      use.snapshot === null ? use.target : null,
    ])
    const whole = JSON.stringify([use.host, use.vmUuid, use.snapshot])
    if (said.has(key) || (use.kind === 'configuration' && said.has(whole))) return false
    said.add(key)
    said.add(whole)
    return true
  })
}

/**
 * The same VM defined on another host as well, and off there: a cold standby. Restore points and memory that it has there are data
 * of their own, which nobody may take away.
 */
export const isStandby = (use: FoundUse, own: { host: string; vmUuid: string }): boolean =>
  use.vmUuid === own.vmUuid &&
  use.host !== own.host &&
  !use.running &&
  use.snapshot === null &&
  use.kind !== 'memory'
