'use client'

import { useState } from 'react'
import { refusalOf } from '@/lib/plans/checks'
import { snapshotNameRefusal } from '@/lib/snapshots/snapshot-name'
import type { Plan } from '@/lib/plans/types'
import type { QuiesceMode } from '@/lib/snapshots/types'
import { getJson } from '@/components/dialogs/use-get'
import { QuiesceChoice } from '@/components/dialogs/snapshot-fields'
import { ManyForm, type Intent } from '@/components/many/many-form'
import { useReadEach } from '@/components/many/use-read-each'
import { snapshotFormPath, snapshotPlanPath } from '@/components/paths'
import { randomId } from '@/components/random-id'
import { Field } from '@/components/ui/field'
import type { VmActs } from '@/components/vm/vm-acts'
import { vmKey, type VmRef } from '@/components/vm/vm-ref'

const ACT = 'Take snapshots'

/** One snapshot of each VM, all its disks at one moment; the VMs one after the other. */
export function SnapshotManyDialog({
  vms,
  acts,
  onClose,
}: {
  vms: VmRef[]
  acts: VmActs
  onClose: () => void
}) {
  const [nonce] = useState(randomId)
  const [name, setName] = useState(proposedName)
  const [description, setDescription] = useState('')
  const [quiesce, setQuiesce] = useState<QuiesceMode>('auto')
  const { readings, pending } = useReadEach(vms, quiesce, (vm, signal) => readPlan(vm, quiesce, signal))
  const nameRefusal = snapshotNameRefusal(name, [])
  const intentOf = (vm: VmRef): Intent | null => {
    const reading = readings.get(vmKey(vm))
    if (!reading) return null
    if (reading.data === null) return { words: null, refusal: reading.message }
    const { disks, plan, leftOut } = reading.data
    if (plan === null) return { words: null, refusal: 'No disk of it can be part of a snapshot.' }
    const refusal = refusalOf(plan.checks)
    if (refusal !== null) return { words: null, refusal }
    const minds = plan.checks.filter(({ verdict }) => verdict === 'warn')
    return {
      refusal: null,
      words: (
        <>
          <p>
            {disks.join(', ')}
            {leftOut.length > 0 && `; not ${leftOut.join(', ')}`}
          </p>
          {minds.map(({ sentence }) => (
            <p key={sentence} className="text-warn">
              {sentence}
            </p>
          ))}
        </>
      ),
    }
  }
  return (
    <ManyForm
      title={`Take snapshots of ${vms.length === 1 ? vms[0]!.name : `${vms.length} VMs`}`}
      vms={vms}
      act={ACT}
      intentOf={intentOf}
      ready={!pending && nameRefusal === null}
      onClose={onClose}
      send={(vm) => {
        const { disks, plan } = readings.get(vmKey(vm))!.data!
        return acts.takeSnapshot({
          host: vm.host,
          vm: vm.uuid,
          name,
          description,
          quiesce,
          disks,
          overlayDirectory: null,
          fingerprint: plan!.fingerprint,
          nonce: `${nonce} ${vmKey(vm)}`,
        })
      }}
    >
      <Field
        label="Name of each"
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={nameRefusal ?? undefined}
        autoComplete="off"
        spellCheck={false}
        required
      />
      <Field
        label="Description"
        value={description}
        onChange={(event) => setDescription(event.target.value)}
        autoComplete="off"
      />
      <QuiesceChoice
        value={quiesce}
        onChange={setQuiesce}
        hint="auto: frozen where the guest agent answers, else as after a power cut. Overlays go beside each image."
      />
    </ManyForm>
  )
}

/** Which disks, and what the host says to it; no plan where no disk can. */
async function readPlan(
  vm: VmRef,
  quiesce: QuiesceMode,
  signal: AbortSignal,
): Promise<{ disks: string[]; leftOut: string[]; plan: Plan | null }> {
  const form = await getJson(snapshotFormPath(vm.host, vm.uuid), signal)
  const disks = form.disks.filter((disk) => disk.refusal === null).map((disk) => disk.target)
  const leftOut = form.disks.filter((disk) => disk.refusal !== null).map((disk) => disk.target)
  return {
    disks,
    leftOut,
    plan:
      disks.length === 0
        ? null
        : await getJson(snapshotPlanPath(vm.host, vm.uuid, { disks, quiesce, directory: null }), signal),
  }
}

/** To the second: one of the VMs may have one of this minute already. */
const proposedName = () => new Date().toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '')
