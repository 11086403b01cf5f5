import { createHash } from 'node:crypto'
import type { MovedLayer } from '../merges/reconcile-snapshots.ts'
import type { AlignedDisk } from './align-disks.ts'
import type { Receiver } from './flatten-plan.ts'
import type { Rescue } from './rescue-disk.ts'
import type { Finding, RepairOffer } from './types.ts'

/** What a repair does, for the server alone: the page has its preview. */
export type RepairPlan =
  | { act: 'remove-file'; path: string }
  | { act: 'set-backing-format'; path: string; format: 'raw' | 'qcow2' }
  | { act: 'flatten'; target: string; receivers: Receiver[] }
  | ({ act: 'rescue-disk' } & Rescue)
  | { act: 'align-next-start'; disks: AlignedDisk[] }
  | { act: 'finish-delete'; snapshot: string; parent: string; grandchildren: string[]; moves: MovedLayer[] }
  | { act: 'delete-snapshot'; snapshot: string; metadataOnly: boolean }

export interface Found {
  finding: Finding
  plan: RepairPlan | null
}

type Required = Pick<Finding, 'id' | 'kind' | 'severity' | 'vm' | 'sentence'>

/** A finding; what is left out is empty. */
export function found(given: Required & Partial<Finding>, plan: RepairPlan | null = null): Found {
  return {
    finding: {
      evidence: [],
      reclaimableBytes: 0,
      repair: null,
      actOnVmPage: null,
      advice: null,
      commands: [],
      ...given,
    },
    plan,
  }
}

/** An offered repair; `basis` is everything that it rests on, as it was read. */
export function offer(repair: Omit<RepairOffer, 'fingerprint'>, basis: unknown): RepairOffer {
  return {
    ...repair,
    fingerprint: createHash('sha256')
      .update(JSON.stringify([repair.id, basis]))
      .digest('hex')
      .slice(0, 32),
  }
}
