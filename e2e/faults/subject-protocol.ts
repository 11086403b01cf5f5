import type { DiskChain } from '../../lib/chains/types.ts'
import type { Backup } from '../../lib/backups/catalogue/catalogue.ts'
import type { Boundary } from '../../lib/jobs/boundaries.ts'
import type { JobAct, JobView } from '../../lib/jobs/types.ts'
import type { FindingKind } from '../../lib/repairs/types.ts'
import type { SnapshotTree } from '../../lib/snapshots/types.ts'

/** What a person would press. */
export type BeginAct =
  | { act: 'snapshot'; name: string; disks: string[]; quiesce: 'auto' | 'required' | 'off' }
  | { act: 'merge'; direction: 'commit' | 'pull'; target?: string; top?: string; base?: string }
  | { act: 'revert'; snapshot: string; safety: boolean }
  | { act: 'delete'; snapshot: string }
  | { act: 'repair'; finding: FindingKind }
  /** Named as their sagas are; null = every disk. */
  | { act: 'backup' | 'backup-copy'; disks: string[] | null; full?: boolean }
  /** From the newest backup. */
  | { act: 'restore'; name: string }
  | { act: 'restore-in-place'; insist: string }
  /** Of the one that waits for it. */
  | { act: 'restore-end'; keep: 'restored' | 'old' }
  /** All but the newest. */
  | { act: 'backup-remove' }

/** What the pages show of a VM. */
export type PageView = { tree: SnapshotTree; chains: DiskChain[] }

/** To the subject. Every question has a number; its answer carries it. */
export type Ask = { id: number } & (
  | { ask: 'open'; dataDir: string; uri: string }
  | {
      ask: 'begin'
      vm: string
      act: BeginAct
      overlays: string
      backups: string
      bandwidthBytesPerSecond: number
    }
  | { ask: 'job'; jobId: string }
  /** Of the ways out that a job offers. */
  | { ask: 'choose'; jobId: string; act: JobAct }
  | { ask: 'view'; vm: string }
  /** What the catalogue has of this VM, oldest first. */
  | { ask: 'backups'; vm: string }
  | { ask: 'version'; kind: string }
  | { ask: 'go' }
)

export type Answers = {
  open: null
  begin: string
  job: JobView | null
  choose: null
  view: PageView
  backups: Backup[]
  version: string
  go: null
}

/** From the subject. */
export type Say =
  { id: number; value: unknown } | { id: number; error: string } | { boundary: Boundary } | { ready: true }
