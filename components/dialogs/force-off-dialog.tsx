'use client'

import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { Notice } from '@/components/ui/notice'
import type { VmActs } from '@/components/vm/vm-acts'
import type { VmRef } from '@/components/vm/vm-ref'

interface Props {
  vm: VmRef
  /** What the page knows that it would cost; null where it knows of nothing. */
  warning: string | null
  acts: VmActs
  onClose: () => void
}

export function ForceOffDialog({ vm, warning, acts, onClose }: Props) {
  return (
    <ActDialog title={`Force off ${vm.name}`} acts={acts} onClose={onClose}>
      {({ nonce, onStarted }) => (
        <Fields vm={vm} warning={warning} acts={acts} onClose={onClose} nonce={nonce} onStarted={onStarted} />
      )}
    </ActDialog>
  )
}

function Fields({
  vm,
  warning,
  acts,
  onClose,
  nonce,
  onStarted,
}: Props & { nonce: string; onStarted: (result: { jobId: string }) => void }) {
  const { submit, pending, message, fields } = useStart(acts.power, onStarted)
  // The server may know of a worse cost than the page: what was told is sent, and it asks again where that is another.
  const confirmed = fields.confirm ?? warning ?? undefined
  return (
    <ActForm
      act={confirmed !== undefined ? 'Force off all the same' : 'Force off'}
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
      {warning !== null && !message && <Notice tone="warn">{warning}</Notice>}
    </ActForm>
  )
}
