/** What a share link shows. Plain data: sizes in bytes, instants in epoch ms. */
import type { DiskChain } from '../chains/types.ts'
import type { BlockJobView, VmState } from '../hosts/types.ts'
import type { JobStatus, JobStep } from '../jobs/types.ts'
import type { ProtectionState } from '../schedules/types.ts'
import type { SnapshotNode } from '../snapshots/types.ts'

/** What can be shared. Another kind is a word here, a case in create-share.ts (what it binds to), read-shared.ts (what it shows), changes.ts (what moves it) and SharedView. */
export const SHARE_KINDS = ['vm', 'snapshot', 'job', 'backups'] as const
export type ShareKind = (typeof SHARE_KINDS)[number]

/** A link that works, as the server knows it; never sent to a browser. */
export interface Share {
  id: string
  kind: ShareKind
  host: string
  /** Empty for a job on files of no VM. */
  vmUuid: string
  snapshot: { name: string; createdAtMs: number } | null
  jobId: string | null
  showPaths: boolean
  /** null: the link is enough. */
  passwordHash: string | null
  expiresAtMs: number
}

/** What a share is of, as pages name it to ask for its links. */
export type ShareSubject =
  | { kind: 'vm' | 'backups'; host: string; vm: string }
  | { kind: 'snapshot'; host: string; vm: string; snapshot: string }
  | { kind: 'job'; jobId: string }

/** A link as who made it sees it. */
export interface ShareView {
  id: string
  kind: ShareKind
  /** What was shared, as it was called then. */
  label: string
  by: string
  /** Who made it is disabled now. */
  byDisabled: boolean
  createdAtMs: number
  expiresAtMs: number
  state: 'open' | 'expired' | 'revoked'
  hasPassword: boolean
  showPaths: boolean
  openedCount: number
  lastOpenedAtMs: number | null
}

/** A new link, told once. */
export interface NewShare {
  link: string
  expiresAtMs: number
  qr: QrCode
}

export interface QrCode {
  /** Modules on a side, quiet zone included. */
  size: number
  /** SVG path of the dark modules, one unit each. */
  path: string
}

/** A job as a share shows it: who began it and what can be done are left out, and its words are the share's own (job-words.ts). */
export interface SharedJob {
  id: string
  title: string
  status: JobStatus
  note: string | null
  error: string | null
  result: string[]
  differences: string[]
  percent: number | null
  createdAtMs: number
  endedAtMs: number | null
}

export type SharedBlockJob = Pick<
  BlockJobView,
  | 'target'
  | 'type'
  | 'currentBytes'
  | 'endBytes'
  | 'percent'
  | 'bytesPerSecond'
  | 'secondsLeft'
  | 'ready'
  | 'jobId'
>

export interface SharedVm {
  kind: 'vm'
  name: string
  state: VmState
  stateReason: string | null
  /** What is wrong with it, a sentence each. */
  attention: string[]
  /** False: what is shown is what was last known. */
  isHostUp: boolean
  /** null: can't be read just now. */
  chains: DiskChain[] | null
  snapshots: SnapshotNode[] | null
  jobs: SharedJob[]
  blockJobs: SharedBlockJob[]
}

/** A backup as a share shows it: when, how large and how it was checked; not where it is. */
export interface SharedBackup {
  createdAtMs: number
  tookMs: number
  bytes: number
  kind: 'full' | 'increment'
  check: 'unchecked' | 'good' | 'damaged'
  checkedAtMs: number | null
  /** It can't be restored, as far as is known. */
  isFaulty: boolean
}

/** Whether a VM's backups are good. */
export interface SharedBackups {
  kind: 'backups'
  vmName: string
  /** False: nothing new is known of the VM. */
  isHostUp: boolean
  /** null: nothing is known yet. */
  state: ProtectionState | 'left-out' | null
  /** Why it is not protected, a sentence each. */
  reasons: string[]
  lastGood: { atMs: number; checkedAtMs: number | null } | null
  nextRunMs: number | null
  /** The newest first. */
  backups: SharedBackup[]
  jobs: SharedJob[]
}

export type SharedView =
  | SharedVm
  | SharedBackups
  | { kind: 'snapshot'; vmName: string; node: SnapshotNode }
  | {
      kind: 'job'
      /** null: of no VM. */ vmName: string | null
      job: SharedJob
      steps: JobStep[]
      blockJobs: SharedBlockJob[]
    }
  /** The link works, and what it led to is no more. */
  | { kind: 'gone'; of: ShareKind }
  /** Its host does not answer, and nothing is known of it. */
  | { kind: 'away' }

/** What travels over a share's own event stream: numbers, and word that the page is to be read again. No names, no sentences. */
export type ShareEvent =
  | { type: 'changed' }
  | { type: 'block-jobs'; jobs: SharedBlockJob[] }
  | { type: 'progress'; jobId: string; percent: number | null }
  /** Revoked, expired. */
  | { type: 'ended' }
