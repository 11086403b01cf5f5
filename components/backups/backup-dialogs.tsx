'use client'

import { createContext, useContext, useState, type ReactNode } from 'react'
import type { Act } from '@/lib/access/permissions'
import type { BackupView } from '@/lib/backups/vm-backups'
import type { TargetState } from '@/lib/backups/target-states'
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
  | { act: 'Back up now'; vm: VmRef }
  | { act: 'Back up as scheduled'; vm: VmRef; scheduleId: string }
  | { act: 'Schedule'; vm: VmRef }
  | { act: 'Schedule a host'; hosts: string[]; targets: TargetState[] }
  | { act: 'Change schedule'; vm: VmRef; schedule: Schedule }
  | { act: 'Change schedule'; vm: null; schedule: Schedule; targets: TargetState[] }
  | { act: 'Remove schedule'; id: string; words: string }
  | { act: 'Leave out'; vm: VmRef }
  | { act: 'Check'; backup: BackupView }
  | { act: 'Restore as new VM'; backup: BackupView }
  | { act: 'Restore in place'; backup: BackupView; vm: VmRef }
  | { act: 'Remove'; backup: BackupView }
  | { act: 'Keep restored disks'; jobId: string; vm: VmRef }
  | { act: 'Put old disks back'; jobId: string; vm: VmRef }
  | { act: 'Add target'; hosts: string[] }
  | { act: 'Rescan'; target: TargetState }
  | { act: 'Adopt'; target: TargetState }
  | { act: 'Remove target'; target: TargetState }

const ACTS: Record<BackupDialogKind['act'], Act> = {
  'Back up now': 'backup.start', 'Back up as scheduled': 'backup.start', 'Schedule': 'schedule.save', 'Schedule a host': 'schedule.save', 'Change schedule': 'schedule.save', 'Remove schedule': 'schedule.remove', 'Leave out': 'protection.leave-out', 'Check': 'backup.check', 'Restore as new VM': 'backup.restore', 'Restore in place': 'backup.restore-in-place', 'Remove': 'backup.remove',
  'Keep restored disks': 'backup.end-restore', 'Put old disks back': 'backup.end-restore', 'Add target': 'target.add', 'Rescan': 'target.read-anew', 'Adopt': 'target.adopt', 'Remove target': 'target.remove',
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
        <OnlyWhoMay act={ACTS[dialog.act]}>
          {dialog.act === 'Back up now' && <BackUpDialog {...shared} vm={dialog.vm} />}
          {dialog.act === 'Back up as scheduled' && <BackUpAsScheduledDialog {...shared} vm={dialog.vm} scheduleId={dialog.scheduleId} />}
          {dialog.act === 'Schedule' && <ScheduleDialog {...shared} vm={dialog.vm} schedule={null} />}
          {dialog.act === 'Schedule a host' && <HostScheduleDialog {...shared} hosts={dialog.hosts} targets={dialog.targets} schedule={null} />}
          {dialog.act === 'Change schedule' && (dialog.vm === null
            ? <HostScheduleDialog {...shared} hosts={[dialog.schedule.host]} targets={dialog.targets} schedule={dialog.schedule} />
            : <ScheduleDialog {...shared} vm={dialog.vm} schedule={dialog.schedule} />)}
          {dialog.act === 'Remove schedule' && <RemoveScheduleDialog {...shared} id={dialog.id} words={dialog.words} />}
          {dialog.act === 'Leave out' && <LeaveOutDialog {...shared} vm={dialog.vm} />}
          {dialog.act === 'Check' && <CheckBackupDialog {...shared} backup={dialog.backup} />}
          {dialog.act === 'Restore as new VM' && <RestoreDialog {...shared} backup={dialog.backup} />}
          {dialog.act === 'Restore in place' && <RestoreInPlaceDialog {...shared} backup={dialog.backup} vm={dialog.vm} />}
          {dialog.act === 'Remove' && <RemoveBackupsDialog {...shared} backup={dialog.backup} />}
          {(dialog.act === 'Keep restored disks' || dialog.act === 'Put old disks back') && <EndRestoreDialog {...shared} jobId={dialog.jobId} vm={dialog.vm} act={dialog.act} />}
          {dialog.act === 'Add target' && <AddTargetDialog {...shared} hosts={dialog.hosts} />}
          {dialog.act === 'Rescan' && <RescanTargetDialog {...shared} target={dialog.target} />}
          {dialog.act === 'Adopt' && <AdoptBackupsDialog {...shared} target={dialog.target} />}
          {dialog.act === 'Remove target' && <RemoveTargetDialog {...shared} target={dialog.target} />}
        </OnlyWhoMay>
      )}
    </Show>
  )
}

/** The button that opens a dialog, named after its act; none for who may not do it. */
export function BackupButton({ dialog, ...button }: { dialog: BackupDialogKind } & Pick<ButtonProps, 'variant' | 'size' | 'disabled' | 'title' | 'aria-describedby' | 'aria-label' | 'className'>) {
  const show = useContext(Show)
  return <OnlyWhoMay act={ACTS[dialog.act]}><Button {...button} aria-haspopup="dialog" onClick={() => show(dialog)}>{dialog.act}</Button></OnlyWhoMay>
}
