'use client'

import { useState } from 'react'
import type { BackupView } from '@/lib/backups/catalogue/vm-backups'
import type { BackupActs } from '@/components/backups/backup-acts'
import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { Field } from '@/components/ui/field'
import { Notice } from '@/components/ui/notice'

interface Props {
  backup: BackupView
  acts: BackupActs
  onClose: () => void
}

/** A backup goes with all that rests on it; the last sound one only when the VM's name is typed. */
export function RemoveBackupsDialog({ backup, acts, onClose }: Props) {
  return (
    <ActDialog title={`Remove ${backup.id}`} acts={acts.vm} onClose={onClose}>
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
  const [typed, setTyped] = useState('')
  const { submit, pending, message, fields } = useStart(acts.removeBackups, onStarted)
  const ids = [...backup.above, backup.id]
  const asked = fields.insist !== undefined
  return (
    <ActForm
      act="Remove"
      danger
      ready={!asked || typed === backup.vmName}
      pending={pending}
      message={message}
      onClose={onClose}
      onSubmit={() =>
        submit({
          targetId: backup.targetId,
          vmUuid: backup.vmUuid,
          backupIds: ids,
          insist: typed === '' ? null : typed,
          nonce,
        })
      }
    >
      <Notice tone="warn">
        {backup.above.length === 0
          ? 'Its files are removed from the target. This can’t be undone.'
          : `${backup.above.length === 1 ? 'An increment rests' : `${backup.above.length} increments rest`} on it and can’t be read without it, so ${backup.above.length === 1 ? 'it is' : 'they are'} removed with it. This can’t be undone.`}
      </Notice>
      {backup.above.length > 0 && (
        <ul className="list-disc pl-5 text-sm text-muted">
          {backup.above.map((id) => (
            <li key={id} className="break-names">
              {id}
            </li>
          ))}
        </ul>
      )}
      {asked && (
        <Field
          label={`Type ${backup.vmName} to go on`}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          error={fields.insist}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
        />
      )}
    </ActForm>
  )
}
