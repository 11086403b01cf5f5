'use client'

import { useEffect, useState } from 'react'
import { refusalOf } from '@/lib/plans/checks'
import { snapshotNameRefusal } from '@/lib/snapshots/snapshot-name'
import type { QuiesceMode, SnapshotForm } from '@/lib/snapshots/types'
import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { DisksField, QuiesceField } from '@/components/dialogs/snapshot-fields'
import { PlanView } from '@/components/dialogs/plan-view'
import { usePlan } from '@/components/dialogs/use-plan'
import { useGet } from '@/components/dialogs/use-get'
import { useStart } from '@/components/dialogs/use-start'
import { snapshotFormPath, snapshotNamePath, snapshotPlanPath } from '@/components/paths'
import { Field, SelectField } from '@/components/ui/field'
import { Notice } from '@/components/ui/notice'
import type { VmActs } from '@/components/vm/vm-acts'
import type { VmRef } from '@/components/vm/vm-ref'

const BESIDE = ''
const CHECK_AFTER_MS = 250

export function TakeSnapshotDialog({ vm, acts, onClose }: { vm: VmRef; acts: VmActs; onClose: () => void }) {
  const { data: form, message } = useGet(snapshotFormPath(vm.host, vm.uuid))
  return (
    <ActDialog title={`Take snapshot of ${vm.name}`} acts={acts} onClose={onClose}>
      {({ nonce, onStarted }) =>
        form ? (
          <Fields vm={vm} form={form} acts={acts} nonce={nonce} onStarted={onStarted} onClose={onClose} />
        ) : (
          <ActForm
            act="Take snapshot"
            ready={false}
            pending={false}
            message={message}
            onSubmit={() => undefined}
            onClose={onClose}
          >
            <p className="min-h-96 text-sm text-muted">{message ? '' : 'Asking the host…'}</p>
          </ActForm>
        )
      }
    </ActDialog>
  )
}

interface FieldsProps {
  vm: VmRef
  form: SnapshotForm
  acts: VmActs
  nonce: string
  onStarted: (result: { jobId: string }) => void
  onClose: () => void
}

function Fields({ vm, form, acts, nonce, onStarted, onClose }: FieldsProps) {
  const able = form.disks.filter((disk) => disk.refusal === null)
  const [name, setName] = useState(form.proposedName)
  const [description, setDescription] = useState('')
  const [quiesce, setQuiesce] = useState<QuiesceMode>('auto')
  const [disks, setDisks] = useState(() => able.map((disk) => disk.target))
  const [directory, setDirectory] = useState(BESIDE)
  const [transientConfirmed, setTransientConfirmed] = useState(false)
  const nameRefusal = useNameRefusal(vm, name)
  const overlayDirectory = directory === BESIDE ? null : directory
  const { plan, planMessage, planning, onRefused } = usePlan(
    snapshotPlanPath(vm.host, vm.uuid, { disks, quiesce, directory: overlayDirectory, transientConfirmed }),
  )
  const { submit, pending, message, fields } = useStart(acts.takeSnapshot, onStarted, onRefused)
  if (able.length === 0) {
    return (
      <ActForm
        act="Take snapshot"
        ready={false}
        pending={false}
        message={null}
        onSubmit={() => undefined}
        onClose={onClose}
      >
        <Notice tone="warn">No disk of this VM can be part of a snapshot.</Notice>
        <DisksField disks={form.disks} chosen={[]} onChoose={setDisks} error={undefined} />
      </ActForm>
    )
  }
  return (
    <ActForm
      act="Take snapshot"
      ready={
        nameRefusal === null &&
        disks.length > 0 &&
        plan !== null &&
        !planning &&
        refusalOf(plan.checks) === null &&
        (form.transientCost === null || transientConfirmed)
      }
      pending={pending}
      message={message ?? planMessage}
      onClose={onClose}
      onSubmit={() =>
        submit({
          host: vm.host,
          vm: vm.uuid,
          name,
          description,
          quiesce,
          disks,
          overlayDirectory,
          transientConfirmed,
          fingerprint: plan?.fingerprint ?? '',
          nonce,
        })
      }
    >
      <Field
        label="Name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={nameRefusal ?? fields.name}
        autoComplete="off"
        spellCheck={false}
        required
        autoFocus={hasKeyboard()}
      />
      <Field
        label="Description"
        value={description}
        onChange={(event) => setDescription(event.target.value)}
        error={fields.description}
        autoComplete="off"
      />
      <QuiesceField value={quiesce} onChange={setQuiesce} form={form} error={fields.quiesce} />
      <DisksField
        disks={form.disks}
        chosen={disks}
        onChoose={setDisks}
        error={disks.length === 0 ? 'Choose at least one disk.' : fields.disks}
      />
      <SelectField
        label="New overlays go"
        value={directory}
        onChange={(event) => setDirectory(event.target.value)}
        error={fields.overlayDirectory}
      >
        <option value={BESIDE}>beside each image</option>
        {form.allowedDirectories.map((path) => (
          <option key={path} value={path}>
            to {path}
          </option>
        ))}
      </SelectField>
      {form.transientCost !== null && (
        <label className="flex items-start gap-2.5 text-sm max-sm:min-h-11 max-sm:py-1.5">
          <input
            type="checkbox"
            className="mt-0.5 size-4 shrink-0"
            checked={transientConfirmed}
            onChange={(event) => setTransientConfirmed(event.target.checked)}
          />
          <span className="break-names">
            <span className="font-medium">Take it all the same</span>
            <span className="block text-muted">{form.transientCost}</span>
          </span>
        </label>
      )}
      {plan && <PlanView plans={[{ name: null, plan }]} dimmed={planning} />}
    </ActForm>
  )
}

/** On a phone the keyboard would cover the form that it was opened for. */
const hasKeyboard = () => matchMedia('(hover: hover)').matches

/** Why the name can't be taken: what the name itself tells at once, and a moment after the last key what the server knows. */
function useNameRefusal(vm: VmRef, name: string): string | null {
  const [checked, setChecked] = useState<string | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => setChecked(name), CHECK_AFTER_MS)
    return () => clearTimeout(timer)
  }, [name])
  const { data } = useGet(checked === null ? null : snapshotNamePath(vm.host, vm.uuid, checked))
  return snapshotNameRefusal(name, []) ?? (checked === name ? (data?.refusal ?? null) : null)
}
