'use client'

import type { BackupView } from '@/lib/backups/catalogue/vm-backups'
import type { BackupActs } from '@/components/backups/backup-acts'
import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { formatBytes } from '@/components/format-bytes'

interface Props {
  backup: BackupView
  acts: BackupActs
  onClose: () => void
}

export function CheckBackupDialog({ backup, acts, onClose }: Props) {
  return (
    <ActDialog title={`Check ${backup.id}`} acts={acts.vm} onClose={onClose}>
      {({ nonce, onStarted }) => (
        <Fields backup={backup} acts={acts} onClose={onClose} nonce={nonce} onStarted={onStarted} />
      )}
    </ActDialog>
  )
}

function Fields({
  backup,
  acts,
  onClose,
  nonce,
  onStarted,
}: Props & { nonce: string; onStarted: (result: { jobId: string }) => void }) {
  const { submit, pending, message } = useStart(acts.check, onStarted)
  return (
    <ActForm
      act="Check"
      ready
      pending={pending}
      message={message}
      onClose={onClose}
      onSubmit={() => submit({ targetId: backup.targetId, backupId: backup.id, below: true, nonce })}
    >
      <p className="text-sm">
        Every file of it ({formatBytes(backup.bytes)})
        {backup.parentId !== null && ', and of the backups that it rests on,'} is read and compared with its
        SHA-256 in the manifest, and the structure of its images is looked at. The reading keeps to a pace, so
        that nothing else on the host waits for it. The VM is left alone.
      </p>
    </ActForm>
  )
}
