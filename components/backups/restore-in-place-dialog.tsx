'use client'

import { useState } from 'react'
import type { BackupView } from '@/lib/backups/catalogue/vm-backups'
import type { BackupActs } from '@/components/backups/backup-acts'
import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { formatInstant } from '@/components/format-time'
import { Field } from '@/components/ui/field'
import { Notice } from '@/components/ui/notice'
import type { VmRef } from '@/components/vm/vm-ref'

interface Props {
  backup: BackupView
  vm: VmRef
  acts: BackupActs
  onClose: () => void
}

/** The VM's own disks are replaced; the old ones are kept until somebody ends it. */
export function RestoreInPlaceDialog({ backup, vm, acts, onClose }: Props) {
  return (
    <ActDialog title={`Restore ${vm.name} in place`} acts={acts.vm} onClose={onClose}>
      {({ nonce, onStarted }) => (
        <Fields backup={backup} vm={vm} acts={acts} onClose={onClose} nonce={nonce} onStarted={onStarted} />
      )}
    </ActDialog>
  )
}

function Fields({
  backup,
  vm,
  acts,
  onClose,
  nonce,
  onStarted,
}: Props & { nonce: string; onStarted: (result: { jobId: string }) => void }) {
  const [typed, setTyped] = useState('')
  const { submit, pending, message, fields } = useStart(acts.restoreInPlace, onStarted)
  return (
    <ActForm
      act="Restore in place"
      danger
      ready={typed === vm.name && backup.fault === null}
      pending={pending}
      message={message}
      onClose={onClose}
      onSubmit={() =>
        submit({
          targetId: backup.targetId,
          backupId: backup.id,
          insist: typed,
          bandwidthBytesPerSecond: 0,
          nonce,
        })
      }
    >
      {backup.fault !== null && (
        <Notice tone="danger" role="alert">
          It can’t be restored. {backup.fault} Take an older one.
        </Notice>
      )}
      <Notice tone="warn">
        {vm.name} will start from its disks of {formatInstant(backup.createdAtMs)}. What it has written since
        stays on its old disks only, which are kept until you say which ones are right. It must be shut down.
      </Notice>
      <Field
        label={`Type ${vm.name} to go on`}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        error={fields.insist}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
      />
    </ActForm>
  )
}
