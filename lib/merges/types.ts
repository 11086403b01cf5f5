/** Plans of merges as dialogs show them. Plain data; sizes in bytes. */

import type { Plan } from '../plans/types.ts'

/** commit: data of the upper layers moves down into `base`; pull: data of the lower layers moves up into `top`. */
export type MergeDirection = 'commit' | 'pull'

/** One disk's merge of the layers between `basePath` and `topPath` (both named by file). */
export interface MergeRange {
  target: string
  direction: MergeDirection
  topPath: string
  /** commit: the layer that receives; pull: the layer that stays below (null = none, the disk stands alone). */
  basePath: string | null
}

export interface MergeOption extends MergeRange {
  /** null = legal now. */
  refusal: string | null
  bytesToCopy: number
  /** Space that the receiving layer may grow by, and what its file system has; null when libvirt can't tell. */
  spaceNeededBytes: number
  spaceFreeBytes: number | null
  /** Snapshots that can't be reverted to any more after it. */
  lostSnapshots: string[]
  keptSnapshots: string[]
  /** Files that nothing uses after it and that Keyframe will remove. */
  removedFiles: string[]
  /** Files that it no longer needs and that stay all the same, each with the reason, half a sentence. */
  keptFiles: { path: string; reason: string }[]
  /** Those that stay only because nothing says that they are this VM's own: they go where that is asked for. */
  templates: string[]
  /** Asked for: those go, too. */
  removeTemplates: boolean
  /** Set where the merge changes a template: the file's name, which has to be typed. */
  insist: string | null
  /** Layers after it, base first. */
  resultPaths: string[]
  /** Of the legal ones it loses the fewest restore points, of equal ones it is the cheaper. */
  proposed: boolean
  plan: Plan
}
