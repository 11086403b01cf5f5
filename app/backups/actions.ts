'use server' // every export here is a public POST endpoint, whatever page shows it

import { action } from '@/lib/access/action'
import {
  ofBackup,
  ofBackupsOfVm,
  ofHost,
  ofJob,
  ofNewSchedule,
  ofNothing,
  ofSchedule,
  ofScheduledRun,
  ofVm,
} from '@/lib/access/subjects'
import { AddTargetInput, addTarget as add } from '@/lib/backups/targets/add-target'
import { RescanTargetInput, rescanTarget as rescan } from '@/lib/backups/catalogue/rescan-target'
import { adoptBackups as adopt, AdoptInput } from '@/lib/backups/catalogue/adopt-backups'
import { RemoveTargetInput, removeTarget as removeOne } from '@/lib/backups/targets/remove-target'
import { BackupInput, startBackup } from '@/lib/backups/start-backup'
import { CheckInput, startCheck } from '@/lib/backups/check/start-check'
import { RemoveBackupsInput, startRemoveBackups } from '@/lib/backups/retention/start-remove'
import { RestoreInput, startRestore } from '@/lib/backups/restore/start-restore'
import {
  EndRestoreInput,
  RestoreInPlaceInput,
  startEndRestore,
  startRestoreInPlace,
} from '@/lib/backups/restore/start-restore-in-place'
import {
  BackUpAsScheduledInput,
  backUpAsScheduled as startAsScheduled,
} from '@/lib/schedules/back-up-as-scheduled'
import {
  leaveOut as leave,
  LeaveOutInput,
  protectAgain as protect,
  ProtectAgainInput,
} from '@/lib/schedules/left-out'
import { RemoveScheduleInput, removeSchedule as removeOneSchedule } from '@/lib/schedules/remove-schedule'
import { saveSchedule as save } from '@/lib/schedules/save-schedule'
import { ScheduleInput } from '@/lib/schedules/schedule-input'

export const backUp = action('backup.start', BackupInput, ofVm, ({ user, input }) => startBackup(input, user))
/** Now, as its schedule would. */
export const backUpAsScheduled = action(
  'backup.start',
  BackUpAsScheduledInput,
  ofScheduledRun,
  ({ user, input }) => startAsScheduled(input, user),
)
export const check = action('backup.check', CheckInput, ofBackup, ({ user, input }) =>
  startCheck(input, user),
)
export const restore = action('backup.restore', RestoreInput, ofBackup, ({ user, input }) =>
  startRestore(input, user),
)
export const restoreInPlace = action(
  'backup.restore-in-place',
  RestoreInPlaceInput,
  ofBackup,
  ({ user, input }) => startRestoreInPlace(input, user),
)
export const endRestore = action('backup.end-restore', EndRestoreInput, ofJob, ({ user, input }) =>
  startEndRestore(input, user),
)
export const removeBackups = action('backup.remove', RemoveBackupsInput, ofBackupsOfVm, ({ user, input }) =>
  startRemoveBackups(input, user),
)

export const addTarget = action('target.add', AddTargetInput, ofHost, async ({ input }) => {
  await add(input)
  return {}
})
export const rescanTarget = action('target.read-anew', RescanTargetInput, ofNothing, ({ input }) =>
  rescan(input),
)
export const adoptBackups = action('target.adopt', AdoptInput, ofNothing, ({ input }) => adopt(input))
export const removeTarget = action('target.remove', RemoveTargetInput, ofNothing, ({ input }) =>
  removeOne(input),
)

export const saveSchedule = action('schedule.save', ScheduleInput, ofNewSchedule, ({ user, input }) =>
  save(input, user),
)
export const removeSchedule = action(
  'schedule.remove',
  RemoveScheduleInput,
  ofSchedule,
  async ({ input }) => {
    await removeOneSchedule(input)
    return {}
  },
)

export const leaveOut = action('protection.leave-out', LeaveOutInput, ofVm, ({ user, input }) =>
  leave(input, user),
)
export const protectAgain = action('protection.protect-again', ProtectAgainInput, ofVm, ({ input }) =>
  protect(input),
)
