import { posix } from 'node:path'
import type { PlannedMerge } from './plan-merge.ts'

/** What was found after a merge. */
export interface MergeOutcome {
  /** The disk's layers, base first. */
  paths: readonly string[]
  /** Names of the VM's snapshots. */
  snapshots: readonly string[]
  /** Files that it removed. */
  removed: readonly string[]
}

/** Where the outcome of a merge is not what its plan said, a sentence each; empty where all is as planned. Pure. */
export function mergeDifferences(plan: PlannedMerge, outcome: MergeOutcome): string[] {
  const names = (list: readonly string[]) => list.map((path) => posix.basename(path)).join(', ')
  // Snapshots taken or deleted since, by anybody, change the list and the top of the chain; what the plan named must fit all the same.
  const missing = plan.keptSnapshots.filter((name) => !outcome.snapshots.includes(name))
  const left = plan.lostSnapshots.filter((name) => outcome.snapshots.includes(name))
  const stay = plan.removedFiles.filter((path) => !outcome.removed.includes(path))
  const begins = outcome.paths.slice(0, plan.resultPaths.length).join('\n')
  return [
    ...(begins === plan.resultPaths.join('\n')
      ? []
      : [
          `The plan said that ${plan.target} consists of ${names(plan.resultPaths)}: it consists of ${names(outcome.paths)}.`,
        ]),
    ...(stay.length === 0
      ? []
      : [`The plan said that ${names(stay)} ${stay.length === 1 ? 'goes: it stays.' : 'go: they stay.'}`]),
    ...(missing.length === 0
      ? []
      : [
          `The plan said that you can still revert to ${missing.join(', ')}: libvirt no longer lists ${missing.length === 1 ? 'it' : 'them'}.`,
        ]),
    ...(left.length === 0
      ? []
      : [
          `The plan said that ${left.join(', ')} ${left.length === 1 ? 'goes' : 'go'}: libvirt still lists ${left.length === 1 ? 'it' : 'them'}, without the data.`,
        ]),
  ]
}
