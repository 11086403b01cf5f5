'use client'

import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import type { VmActs } from '@/components/vm/vm-acts'
import type { VmRef } from '@/components/vm/vm-ref'

interface Props {
  vm: VmRef
  acts: VmActs
  onClose: () => void
}

export function ForceOffDialog({ vm, acts, onClose }: Props) {
  return (
    <ActDialog title={`Force off ${vm.name}`} acts={acts} onClose={onClose}>
      {({ nonce, onStarted }) => (
        <Fields vm={vm} acts={acts} onClose={onClose} nonce={nonce} onStarted={onStarted} />
      )}
    </ActDialog>
  )
}

function Fields({
  vm,
  acts,
  onClose,
  nonce,
  onStarted,
}: Props & { nonce: string; onStarted: (result: { jobId: string }) => void }) {
  const { submit, pending, message, fields } = useStart(acts.power, onStarted)
  const confirmed = fields.confirm !== undefined
  return (
    <ActForm
      act={confirmed ? 'Force off all the same' : 'Force off'}
      danger
      ready
      pending={pending}
      message={message}
      onClose={onClose}
      onSubmit={() => submit({ host: vm.host, vm: vm.uuid, act: 'force-off', nonce, confirmed })}
    >
      <p className="text-sm">
        This is like pulling the plug: what the guest has not written to its disks yet is lost, and its file
        systems are checked at the next start.
      </p>
    </ActForm>
  )
}
