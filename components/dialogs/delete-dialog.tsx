'use client'

import { useState } from 'react'
import type { DeletePlan } from '@/lib/snapshots/types'
import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { PlanView } from '@/components/dialogs/plan-view'
import { usePlan } from '@/components/dialogs/use-plan'
import { useStart } from '@/components/dialogs/use-start'
import { formatBytes } from '@/components/format-bytes'
import { deletePlanPath } from '@/components/paths'
import { Notice } from '@/components/ui/notice'
import type { VmActs } from '@/components/vm/vm-acts'
import type { VmRef } from '@/components/vm/vm-ref'

interface Props {
  vm: VmRef
  snapshot: string
  childCount: number
  acts: VmActs
  onClose: () => void
}

export function DeleteDialog({ vm, snapshot, childCount, acts, onClose }: Props) {
  return (
    <ActDialog title={`Delete snapshot ${snapshot}`} acts={acts} onClose={onClose}>
      {({ nonce, onStarted }) => (
        <Fields
          vm={vm}
          snapshot={snapshot}
          childCount={childCount}
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
  snapshot,
  childCount,
  acts,
  onClose,
  nonce,
  onStarted,
}: Props & { nonce: string; onStarted: (result: { jobId: string }) => void }) {
  const [withChildren, setWithChildren] = useState(false)
  const [onlyEntry, setOnlyEntry] = useState(false)
  const { plan, planMessage, planning, onRefused } = usePlan(
    deletePlanPath(vm.host, vm.uuid, snapshot, withChildren),
  )
  const { submit, pending, message } = useStart(acts.remove, onStarted, onRefused)
  const metadataOnly = onlyEntry || plan?.metadataOnly === true
  return (
    <ActForm
      act="Delete"
      danger
      ready={plan !== null && !planning && (plan.refusal === null || metadataOnly)}
      pending={pending}
      message={message ?? planMessage}
      onClose={onClose}
      onSubmit={() =>
        submit({
          host: vm.host,
          vm: vm.uuid,
          snapshot,
          withChildren,
          metadataOnly,
          fingerprint: plan?.plan.fingerprint ?? '',
          nonce,
        })
      }
    >
      <div className="min-h-24 text-sm">
        {plan ? (
          <PlanText plan={plan} metadataOnly={metadataOnly} />
        ) : (
          !planMessage && <p className="text-muted">Asking the host…</p>
        )}
      </div>
      {childCount > 0 && (
        <Choice
          checked={withChildren}
          onChange={setWithChildren}
          label="With its children"
          hint="Every snapshot that was taken on top of this one goes, too."
        />
      )}
      <Choice
        checked={metadataOnly}
        disabled={plan?.metadataOnly === true}
        onChange={setOnlyEntry}
        label="Metadata only"
        hint="Removes the entry in libvirt’s list. Files and chains stay as they are."
      />
    </ActForm>
  )
}

function PlanText({ plan, metadataOnly }: { plan: DeletePlan; metadataOnly: boolean }) {
  if (metadataOnly) {
    return (
      <div className="flex flex-col gap-2">
        {plan.metadataOnly && (
          <Notice tone="warn">
            {plan.refusal ??
              'Its layers were merged by hand, so libvirt can’t merge them any more: only the entry can go.'}
          </Notice>
        )}
        <p>
          Only the entry is removed. The data stays in its layers, but you can’t revert to {plan.snapshot}{' '}
          afterwards.
        </p>
      </div>
    )
  }
  return (
    <div className="flex flex-col gap-2">
      <p className="font-medium break-names">
        You can’t revert to {plan.snapshot}
        {plan.withChildren && ' or to its children'} afterwards. Nothing that the VM holds now is lost.
      </p>
      <ul className="flex list-disc flex-col gap-1 pl-5">
        {plan.merges.map((merge) => (
          <li key={merge} className="break-names">
            {merge}
          </li>
        ))}
      </ul>
      <p>Copies {plan.bytesToCopy === null ? 'an unknown amount' : formatBytes(plan.bytesToCopy)}.</p>
      <PlanView plans={[{ name: null, plan: plan.plan }]} />
      {plan.removedFiles.length > 0 && (
        <p className="break-names text-muted">Removes {plan.removedFiles.join(', ')}.</p>
      )}
    </div>
  )
}

function Choice({
  label,
  hint,
  checked,
  disabled = false,
  onChange,
}: {
  label: string
  hint: string
  checked: boolean
  disabled?: boolean
  onChange: (checked: boolean) => void
}) {
  return (
    <label className="flex items-start gap-2.5 text-sm max-sm:min-h-11 max-sm:py-1.5">
      <input
        type="checkbox"
        className="mt-0.5 size-4 shrink-0"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>
        <span className="font-medium">{label}</span>
        <span className="block text-muted">{hint}</span>
      </span>
    </label>
  )
}
