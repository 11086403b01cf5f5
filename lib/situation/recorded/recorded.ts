import type { Situation } from '../situation.ts'

/** A state in which libvirt was asked to do something, with its real answer. Names are hidden; snapshots are called as there. */
export interface Recorded {
  /** Its version. */
  libvirt: string
  /** Where the answer is from: tried, or a link to release notes. */
  source: string
  act:
    | { kind: 'delete' | 'revert'; snapshot: string }
    | { kind: 'merge'; target: string; direction: 'commit' | 'pull' }
  /** Its words; null: it did it. */
  libvirtRefuses: string | null
  planRefuses: boolean
  /** Where libvirt does it and the plan refuses all the same: what would be lost. */
  saferBecause: string | null
  situation: Situation
}
