'use client'

import { createContext, useContext, useState, type ReactNode } from 'react'
import type { Act } from '@/lib/access/permissions'
import type { BackupView } from '@/lib/backups/catalogue/vm-backups'
import type { TargetState } from '@/lib/backups/targets/target-states'
import type { Schedule } from '@/lib/schedules/types'
import { OnlyWhoMay } from '@/components/access/may'
import { AddTargetDialog } from '@/components/backups/add-target-dialog'
import { AdoptBackupsDialog } from '@/components/backups/adopt-backups-dialog'
import { BackUpAsScheduledDialog } from '@/components/backups/back-up-as-scheduled-dialog'
import { BackUpDialog } from '@/components/backups/back-up-dialog'
import type { BackupActs } from '@/components/backups/backup-acts'
import { CheckBackupDialog } from '@/components/backups/check-backup-dialog'
import { EndRestoreDialog } from '@/components/backups/end-restore-dialog'
import { HostScheduleDialog } from '@/components/backups/host-schedule-dialog'
import { LeaveOutDialog } from '@/components/backups/leave-out-dialog'
import { RescanTargetDialog } from '@/components/backups/rescan-target-dialog'
import { RemoveBackupsDialog } from '@/components/backups/remove-backups-dialog'
import { RemoveScheduleDialog } from '@/components/backups/remove-schedule-dialog'
import { RemoveTargetDialog } from '@/components/backups/remove-target-dialog'
import { RestoreDialog } from '@/components/backups/restore-dialog'
import { RestoreInPlaceDialog } from '@/components/backups/restore-in-place-dialog'
import { ScheduleDialog } from '@/components/backups/schedule-dialog'
import { Button, type ButtonProps } from '@/components/ui/button'
import type { VmRef } from '@/components/vm/vm-ref'

export type BackupDialogKind =
  | { act: 'back-up-now'; vm: VmRef }
  | { act: 'back-up-as-scheduled'; vm: VmRef; scheduleId: string }
  | { act: 'schedule'; vm: VmRef }
  | { act: 'schedule-a-host'; hosts: string[]; targets: TargetState[] }
  | { act: 'change-schedule'; vm: VmRef; schedule: Schedule }
  | { act: 'change-schedule'; vm: null; schedule: Schedule; targets: TargetState[] }
  | { act: 'remove-schedule'; id: string; words: string }
  | { act: 'leave-out'; vm: VmRef }
  | { act: 'check'; backup: BackupView }
  | { act: 'restore-as-new-vm'; backup: BackupView }
  | { act: 'restore-in-place'; backup: BackupView; vm: VmRef }
  | { act: 'remove'; backup: BackupView }
  | { act: 'keep-restored-disks'; jobId: string; vm: VmRef }
  | { act: 'put-old-disks-back'; jobId: string; vm: VmRef }
  | { act: 'add-target'; hosts: string[] }
  | { act: 'rescan'; target: TargetState }
  | { act: 'adopt'; target: TargetState }
  | { act: 'remove-target'; target: TargetState }

/** What each dialog's button is called, and which right it asks for. */
const ACTS: Record<BackupDialogKind['act'], { label: string; right: Act }> = {
  'back-up-now': { label: 'Back up now', right: 'backup.start' },
  'back-up-as-scheduled': { label: 'Back up as scheduled', right: 'backup.start' },
  schedule: { label: 'Schedule', right: 'schedule.save' },
  'schedule-a-host': { label: 'Schedule a host', right: 'schedule.save' },
  'change-schedule': { label: 'Change schedule', right: 'schedule.save' },
  'remove-schedule': { label: 'Remove schedule', right: 'schedule.remove' },
  'leave-out': { label: 'Leave out', right: 'protection.leave-out' },
  check: { label: 'Check', right: 'backup.check' },
  'restore-as-new-vm': { label: 'Restore as new VM', right: 'backup.restore' },
  'restore-in-place': { label: 'Restore in place', right: 'backup.restore-in-place' },
  remove: { label: 'Remove', right: 'backup.remove' },
  'keep-restored-disks': { label: 'Keep restored disks', right: 'backup.end-restore' },
  'put-old-disks-back': { label: 'Put old disks back', right: 'backup.end-restore' },
  'add-target': { label: 'Add target', right: 'target.add' },
  rescan: { label: 'Rescan', right: 'target.read-anew' },
  adopt: { label: 'Adopt', right: 'target.adopt' },
  'remove-target': { label: 'Remove target', right: 'target.remove' },
}

const Show = createContext<(dialog: BackupDialogKind) => void>(() => undefined)

/** Holds the one open dialog of a page of backups, above what is read again while its job runs. */
export function BackupDialogs({ acts, children }: { acts: BackupActs; children: ReactNode }) {
  const [dialog, setDialog] = useState<BackupDialogKind | null>(null)
  const shared = { acts, onClose: () => setDialog(null) }
  return (
    <Show value={setDialog}>
      {children}
      {dialog && (
        <OnlyWhoMay act={ACTS[dialog.act].right}>
          {dialog.act === 'back-up-now' && <BackUpDialog {...shared} vm={dialog.vm} />}
          {dialog.act === 'back-up-as-scheduled' && (
            <BackUpAsScheduledDialog {...shared} vm={dialog.vm} scheduleId={dialog.scheduleId} />
          )}
          {dialog.act === 'schedule' && <ScheduleDialog {...shared} vm={dialog.vm} schedule={null} />}
          {dialog.act === 'schedule-a-host' && (
            <HostScheduleDialog {...shared} hosts={dialog.hosts} targets={dialog.targets} schedule={null} />
          )}
          {dialog.act === 'change-schedule' &&
            (dialog.vm === null ? (
              <HostScheduleDialog
                {...shared}
                hosts={[dialog.schedule.host]}
                targets={dialog.targets}
                schedule={dialog.schedule}
              />
            ) : (
              <ScheduleDialog {...shared} vm={dialog.vm} schedule={dialog.schedule} />
            ))}
          {dialog.act === 'remove-schedule' && (
            <RemoveScheduleDialog {...shared} id={dialog.id} words={dialog.words} />
          )}
          {dialog.act === 'leave-out' && <LeaveOutDialog {...shared} vm={dialog.vm} />}
          {dialog.act === 'check' && <CheckBackupDialog {...shared} backup={dialog.backup} />}
          {dialog.act === 'restore-as-new-vm' && <RestoreDialog {...shared} backup={dialog.backup} />}
          {dialog.act === 'restore-in-place' && (
            <RestoreInPlaceDialog {...shared} backup={dialog.backup} vm={dialog.vm} />
          )}
          {dialog.act === 'remove' && <RemoveBackupsDialog {...shared} backup={dialog.backup} />}
          {(dialog.act === 'keep-restored-disks' || dialog.act === 'put-old-disks-back') && (
            <EndRestoreDialog {...shared} jobId={dialog.jobId} vm={dialog.vm} act={dialog.act} />
          )}
          {dialog.act === 'add-target' && <AddTargetDialog {...shared} hosts={dialog.hosts} />}
          {dialog.act === 'rescan' && <RescanTargetDialog {...shared} target={dialog.target} />}
          {dialog.act === 'adopt' && <AdoptBackupsDialog {...shared} target={dialog.target} />}
          {dialog.act === 'remove-target' && <RemoveTargetDialog {...shared} target={dialog.target} />}
        </OnlyWhoMay>
      )}
    </Show>
  )
}

/** The button that opens a dialog, named after its act; none for who may not do it. */
export function BackupButton({
  dialog,
  ...button
}: { dialog: BackupDialogKind } & Pick<
  ButtonProps,
  'variant' | 'size' | 'disabled' | 'title' | 'aria-describedby' | 'aria-label' | 'className'
>) {
  const show = useContext(Show)
  return (
    <OnlyWhoMay act={ACTS[dialog.act].right}>
      <Button {...button} aria-haspopup="dialog" onClick={() => show(dialog)}>
        {ACTS[dialog.act].label}
      </Button>
    </OnlyWhoMay>
  )
}
