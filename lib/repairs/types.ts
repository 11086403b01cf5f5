/** What a check finds, as pages show it. Plain data; sizes in bytes, instants in epoch ms. */

export type FindingKind =
  | 'broken-chain'
  | 'deep-chain'
  | 'next-start-differs'
  | 'frozen'
  | 'delete-unfinished'
  | 'merge-unfinished'
  | 'job-waiting'
  | 'snapshot-without-files'
  | 'format-missing'
  | 'format-wrong'
  | 'chain-differs'
  | 'orphan-overlay'
  | 'orphan-memory'
  | 'unnamed-layers'

/** danger: data can't be relied on, or a guest waits; warn: something to mend; info: may be just as it was meant. */
export type Severity = 'danger' | 'warn' | 'info'

export interface Evidence {
  text: string
  path: string | null
  bytes: number | null
  /** When it was changed last, or made. */
  atMs: number | null
}

/** A repair that can be started; nothing of it has been done. */
export interface RepairOffer {
  /** The same as long as the same thing is wrong with the same file or snapshot. */
  id: string
  /** Of everything it rests on: when that has changed, the repair refuses. */
  fingerprint: string
  /** The act, as its button is called. */
  label: string
  /** Exactly what will be done, a sentence each, with the names of files and the virsh or qemu-img equivalent. */
  preview: string[]
  /** What it costs, or may cost. */
  danger: string
  /** What must be typed first; null = nothing. */
  confirm: string | null
}

export interface Finding {
  id: string
  kind: FindingKind
  severity: Severity
  /** null: of no VM that this host knows. */
  vm: { host: string; uuid: string; name: string } | null
  /** For the administrator, ready to show. */
  sentence: string
  evidence: Evidence[]
  reclaimableBytes: number
  repair: RepairOffer | null
  /** An act that the VM's own page has, by the name of its button there. */
  actOnVmPage: 'Thaw' | 'Pivot or Cancel job' | 'Merge' | 'Delete' | null
  /** Why there is no repair, or what to do by hand. */
  advice: string | null
  /** Commands for it, to be typed on the host. */
  commands: string[]
}

export interface CheckReport {
  /** The worst first. */
  findings: Finding[]
  reclaimableBytes: number
  /** What could not be looked at, a sentence each. */
  notes: string[]
  /** Folders whose files were looked at. */
  folders: string[]
  checkedAtMs: number
}
