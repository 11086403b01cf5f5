'use client'

import type { BackupActs } from '@/components/backups/backup-acts'
import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import type { VmRef } from '@/components/vm/vm-ref'

interface Props {
  vm: VmRef
  scheduleId: string
  acts: BackupActs
  onClose: () => void
}

/** A run of the schedule, now. */
export function BackUpAsScheduledDialog({ vm, acts, scheduleId, onClose }: Props) {
  return (
    <ActDialog title={`Back up ${vm.name} now`} acts={acts.vm} onClose={onClose}>
      {({ nonce, onStarted }) => (
        <Fields
          vm={vm}
          scheduleId={scheduleId}
          acts={acts}
          onClose={onClose}
          nonce={nonce}
          onStarted={onStarted}
        />
      )}
    </ActDialog>
  )
}

function Fields({
  vm,
  scheduleId,
  acts,
  onClose,
  nonce,
  onStarted,
}: Props & { nonce: string; onStarted: (result: { jobId: string }) => void }) {
  const { submit, pending, message } = useStart(acts.backUpAsScheduled, onStarted)
  return (
    <ActForm
      act="Back up as scheduled"
      ready
      pending={pending}
      message={message}
      onClose={onClose}
      onSubmit={() => submit({ scheduleId, vmUuid: vm.uuid, nonce })}
    >
      <p className="text-sm">
        {vm.name} is backed up now, to the target and in the way of its schedule. The schedule’s own runs stay
        as they are.
      </p>
    </ActForm>
  )
}
