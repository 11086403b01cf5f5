'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { OnlyWhoMay } from '@/components/access/may'
import type { BackupActs } from '@/components/backups/backup-acts'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import type { VmRef } from '@/components/vm/vm-ref'

/** A VM that nobody wants backed up, a template say, no longer counts as unprotected. */
export function LeaveOutDialog({ vm, acts, onClose }: { vm: VmRef; acts: BackupActs; onClose: () => void }) {
  const router = useRouter()
  const [reason, setReason] = useState('')
  const { submit, pending, message, fields } = useStart(acts.leaveOut, () => {
    router.refresh()
    onClose()
  })
  return (
    <Dialog open title={`Leave ${vm.name} out of protection`} onClose={onClose}>
      <OnlyWhoMay act="protection.leave-out">
        <ActForm
          act="Leave out"
          ready
          pending={pending}
          message={fields.reason ? null : message}
          onClose={onClose}
          onSubmit={() => submit({ host: vm.host, vm: vm.uuid, reason })}
        >
          <p className="text-sm">
            {vm.name} no longer counts among the VMs that should be protected, nobody is told of its
            protection, and its host’s schedule passes it by. Backups of it stay, and it can still be backed
            up by hand.
          </p>
          <Field
            label="Reason"
            value={reason}
            onChange={(event) => setReason(event.target.value)}
            error={fields.reason}
            hint="Like “template”. Others read it."
            autoComplete="off"
          />
        </ActForm>
      </OnlyWhoMay>
    </Dialog>
  )
}
