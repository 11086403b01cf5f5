'use client'

import { useState } from 'react'
import type { Schedule } from '@/lib/schedules/types'
import type { QuiesceMode } from '@/lib/snapshots/types'
import type { BackupActs } from '@/components/backups/backup-acts'
import { whyNotIncremental } from '@/components/backups/why-not-incremental'
import { QuiesceChoice } from '@/components/dialogs/snapshot-fields'
import { ManyForm, type Intent } from '@/components/many/many-form'
import { TargetFields } from '@/components/many/target-fields'
import { useBackupForms } from '@/components/many/use-backup-forms'
import { randomId } from '@/components/random-id'
import { vmKey, type VmRef } from '@/components/vm/vm-ref'

/** A backup of each VM now, of all its disks, by the method that fits it. */
export function BackUpManyDialog({
  vms,
  acts,
  onClose,
}: {
  vms: VmRef[]
  acts: BackupActs
  onClose: () => void
}) {
  const [nonce] = useState(randomId)
  const [quiesce, setQuiesce] = useState<QuiesceMode>('auto')
  const { pending, byHost, chosen, choose, targetOf, formOf, refusalOf } = useBackupForms(vms)
  const methodOf = (vm: VmRef): { method: Schedule['method']; why: string | null } => {
    const form = formOf(vm)!
    const why = whyNotIncremental(
      form,
      form.disks.map((disk) => disk.target),
    )
    return { method: why === null ? 'incremental' : 'copy', why }
  }
  const intentOf = (vm: VmRef): Intent | null => {
    const refusal = refusalOf(vm)
    if (refusal !== null) return { words: null, refusal }
    if (formOf(vm) === null) return null
    const { why } = methodOf(vm)
    return { refusal: null, words: <p>{why === null ? 'incremental' : `snapshot, copy, merge. ${why}`}</p> }
  }
  return (
    <ManyForm
      title={`Back up ${vms.length === 1 ? vms[0]!.name : `${vms.length} VMs`}`}
      vms={vms}
      act="Back up now"
      intentOf={intentOf}
      ready={!pending}
      onClose={onClose}
      send={(vm) =>
        acts.backUp({
          host: vm.host,
          vm: vm.uuid,
          targetId: targetOf(vm.host)!.id,
          method: methodOf(vm).method,
          disks: null,
          quiesce,
          bandwidthBytesPerSecond: 0,
          forceFull: false,
          nonce: `${nonce} ${vmKey(vm)}`,
        })
      }
    >
      <TargetFields byHost={byHost} chosen={chosen} onChoose={choose} />
      <QuiesceChoice
        value={quiesce}
        onChange={setQuiesce}
        hint="auto: frozen for the moment of the backup where the guest agent answers, else as after a power cut."
      />
    </ManyForm>
  )
}
