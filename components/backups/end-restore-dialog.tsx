'use client'

import type { BackupActs } from '@/components/backups/backup-acts'
import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { Notice } from '@/components/ui/notice'
import type { VmRef } from '@/components/vm/vm-ref'

interface Props {
  jobId: string
  vm: VmRef
  act: 'keep-restored-disks' | 'put-old-disks-back'
  acts: BackupActs
  onClose: () => void
}

const WORDS: Record<Props['act'], { label: string; keep: 'restored' | 'old'; sentence: string }> = {
  'keep-restored-disks': {
    label: 'Keep restored disks',
    keep: 'restored',
    sentence:
      'The old disks are removed, with all that was written to them before the restore. This can’t be undone.',
  },
  'put-old-disks-back': {
    label: 'Put old disks back',
    keep: 'old',
    sentence:
      'The VM starts from its old disks again. The restored ones are removed, with all that was written to them since. This can’t be undone.',
  },
}

/** The end of a restore in place, one way or the other. */
export function EndRestoreDialog({ jobId, vm, act, acts, onClose }: Props) {
  return (
    <ActDialog title={`${WORDS[act].label} of ${vm.name}`} acts={acts.vm} onClose={onClose}>
      {({ nonce, onStarted }) => (
        <Fields jobId={jobId} act={act} acts={acts} onClose={onClose} nonce={nonce} onStarted={onStarted} />
      )}
    </ActDialog>
  )
}

function Fields({
  jobId,
  act,
  acts,
  onClose,
  nonce,
  onStarted,
}: Omit<Props, 'vm'> & { nonce: string; onStarted: (result: { jobId: string }) => void }) {
  const { submit, pending, message } = useStart(acts.endRestore, onStarted)
  return (
    <ActForm
      act={WORDS[act].label}
      danger
      ready
      pending={pending}
      message={message}
      onClose={onClose}
      onSubmit={() => submit({ jobId, keep: WORDS[act].keep, nonce })}
    >
      <Notice tone="warn">{WORDS[act].sentence}</Notice>
    </ActForm>
  )
}
