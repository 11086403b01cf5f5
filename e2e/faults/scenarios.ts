import type { Scenario } from './scenario.ts'
import { copyBackup } from './scenarios/copy-backup.ts'
import { deleteSnapshot } from './scenarios/delete-snapshot.ts'
import { keepRestored, putOldBack } from './scenarios/end-restore.ts'
import { mergeActive } from './scenarios/merge-active.ts'
import { mergeMiddle } from './scenarios/merge-middle.ts'
import { mergePull } from './scenarios/merge-pull.ts'
import { pushFull } from './scenarios/push-full.ts'
import { pushIncrement } from './scenarios/push-increment.ts'
import { removeBackups } from './scenarios/remove-backups.ts'
import { removeUnused } from './scenarios/remove-unused.ts'
import { restore } from './scenarios/restore.ts'
import { restoreInPlace } from './scenarios/restore-in-place.ts'
import { revert } from './scenarios/revert.ts'
import { takeSnapshot } from './scenarios/take-snapshot.ts'

/** A new one is a file in scenarios/ and a word here; its boundaries are found by a dry run. */
export const SCENARIOS: readonly Scenario[] = [
  takeSnapshot,
  mergeActive,
  mergeMiddle,
  mergePull,
  revert,
  deleteSnapshot,
  removeUnused,
  pushFull,
  pushIncrement,
  copyBackup,
  restore,
  restoreInPlace,
  keepRestored,
  putOldBack,
  removeBackups,
]
