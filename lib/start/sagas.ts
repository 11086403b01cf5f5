import 'server-only'
import { checkSaga } from '../backups/check/check-saga.ts'
import { copySaga } from '../backups/copy/copy-saga.ts'
import { pushSaga } from '../backups/push/push-saga.ts'
import { removeSaga } from '../backups/retention/remove-saga.ts'
import { endRestoreSaga, restoreInPlaceSaga } from '../backups/restore/restore-in-place-saga.ts'
import { restoreSaga } from '../backups/restore/restore-saga.ts'
import { POWER_SAGAS } from '../power/power.ts'
import type { Saga } from '../jobs/saga.ts'
import { mergeSaga } from '../merges/merge-saga.ts'
import { repairSaga } from '../repairs/repair-saga.ts'
import { createSnapshotSaga } from '../snapshots/create-snapshot-saga.ts'
import { deleteSaga } from '../snapshots/delete-saga.ts'
import { revertSaga } from '../snapshots/revert-saga.ts'

/** Every saga of Keyframe: they are registered before the worker is made, later ones never run. */
export const SAGAS: readonly Saga<never>[] = [
  createSnapshotSaga,
  mergeSaga,
  revertSaga,
  deleteSaga,
  repairSaga,
  pushSaga,
  copySaga,
  checkSaga,
  restoreSaga,
  restoreInPlaceSaga,
  endRestoreSaga,
  removeSaga,
  ...POWER_SAGAS,
]
