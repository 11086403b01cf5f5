import type { VmState } from '../hosts/types.ts'
import type { Plan } from '../plans/types.ts'

/** Snapshots as pages show them. Plain data; sizes in bytes, instants in epoch ms. */

export interface SnapshotDisk {
  target: string
  kind: 'external' | 'internal' | 'no'
  /** The overlay that was made for it; null for other kinds. */
  overlayPath: string | null
  /** The layer that it froze: what revert reads. */
  frozenPath: string | null
}

export interface SnapshotNode {
  name: string
  description: string
  createdAtMs: number
  /** VM state when it was taken, e.g. "running", "shutoff", "disk-snapshot". */
  state: string
  isCurrent: boolean
  parent: string | null
  children: string[]
  memory: 'no' | 'internal' | 'external'
  disks: SnapshotDisk[]
  /** libvirt's own mark of a delete that was broken off. */
  deleteInProgress: boolean
  /** Set when its data is known, or must be assumed, to be no longer what it was: the reason. */
  unproven: string | null
  /** null = legal now; else the reason in Keyframe's words. */
  revertRefusal: string | null
  deleteRefusal: string | null
}

export interface SnapshotTree {
  /** Parents before children, siblings by creation time. */
  nodes: SnapshotNode[]
  current: string | null
}

export type QuiesceMode = 'auto' | 'required' | 'off'

/** Outcome of the freeze of one snapshot. */
export type FreezeReport =
  | {
      frozen: true
      atMostMs: number
      /** null: the agent can’t list them. */
      fileSystems: number | null
      /** Set when the agent reported an error at the thaw, which is then gone on with: its words. */
      thawError?: string
    }
  | {
      frozen: false
      reason: string
      /** Set where that is as it should be: nothing runs that could write. */
      vmOff?: true
    }

export interface RevertPlan {
  snapshot: string
  /** Sentences on what is lost, ready to show: since when, bytes written since, what becomes of later snapshots. */
  losses: string[]
  sinceMs: number
  /** Bytes in the active layers that are discarded; null when it can't be told. */
  bytesWritten: number | null
  laterSnapshots: string[]
  refusal: string | null
  /** Why a safety snapshot can’t help; null when it can. */
  safetyRefusal: string | null
  /** Why its data may be no longer what was frozen; who reverts all the same types the VM's name. */
  unproven: string | null
  plan: Plan
  /** State that "as it was" means. */
  stateThen: 'running' | 'paused' | 'off'
  vmRunning: boolean
}

export interface DeletePlan {
  snapshot: string
  withChildren: boolean
  /** What is merged where, a sentence per disk. */
  merges: string[]
  /** Bytes that will be copied; null when it can't be told. */
  bytesToCopy: number | null
  removedFiles: string[]
  /** Only the metadata can go (libvirt refuses for good after a manual merge). */
  metadataOnly: boolean
  refusal: string | null
  plan: Plan
}

export interface SnapshotForm {
  proposedName: string
  /** Default folder per disk for its overlay. */
  disks: { target: string; path: string; overlayDirectory: string; refusal: string | null }[]
  /** Folders a snapshot may put overlays in. */
  allowedDirectories: string[]
  /** What a snapshot costs that libvirt forgets when the VM stops, which a person must want; null where it forgets nothing. */
  transientCost: string | null
  /** Whether the agent answered just now: says what `auto` would do. */
  agent: 'answers' | 'not configured' | 'does not answer' | 'no freeze' | 'frozen' | 'vm not running'
  fileSystems: number | null
  state: VmState
}
