'use client'

import { useState } from 'react'
import type { RevertInput } from '@/lib/snapshots/revert-to-snapshot'
import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { PlanView } from '@/components/dialogs/plan-view'
import { usePlan } from '@/components/dialogs/use-plan'
import { useStart } from '@/components/dialogs/use-start'
import { revertPlanPath } from '@/components/paths'
import { ChoiceField } from '@/components/ui/choice-field'
import { Field } from '@/components/ui/field'
import { Notice } from '@/components/ui/notice'
import type { VmActs } from '@/components/vm/vm-acts'
import type { VmRef } from '@/components/vm/vm-ref'

type StateAfter = RevertInput['stateAfter']

interface Props {
  vm: VmRef
  snapshot: string
  acts: VmActs
  onClose: () => void
}

export function RevertDialog({ vm, snapshot, acts, onClose }: Props) {
  return (
    <ActDialog title={`Revert ${vm.name} to ${snapshot}`} acts={acts} onClose={onClose}>
      {({ nonce, onStarted }) => (
        <Fields
          vm={vm}
          snapshot={snapshot}
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
  acts,
  onClose,
  nonce,
  onStarted,
}: Props & { nonce: string; onStarted: (result: { jobId: string }) => void }) {
  const { plan, planMessage, planning, onRefused } = usePlan(revertPlanPath(vm.host, vm.uuid, snapshot))
  const [safetySnapshot, setSafetySnapshot] = useState(true)
  const [insist, setInsist] = useState('')
  const [stateAfter, setStateAfter] = useState<StateAfter>('as-it-was')
  const { submit, pending, message, fields } = useStart(acts.revert, onStarted, onRefused)
  return (
    <ActForm
      act="Revert"
      danger
      ready={
        plan !== null && !planning && plan.refusal === null && (plan.unproven === null || insist === vm.name)
      }
      pending={pending}
      message={message ?? planMessage}
      onClose={onClose}
      onSubmit={() =>
        submit({
          host: vm.host,
          vm: vm.uuid,
          snapshot,
          stateAfter,
          safetySnapshot: safetySnapshot && plan?.safetyRefusal === null,
          fingerprint: plan?.plan.fingerprint ?? '',
          nonce,
          ...(plan?.unproven ? { insist } : {}),
        })
      }
    >
      {plan?.unproven && (
        <Notice tone="danger" role="status">
          <p className="font-medium">What {snapshot} froze is unproven.</p>
          <p>{plan.unproven}</p>
        </Notice>
      )}
      <div className="min-h-20 text-sm">
        <p className="font-medium">What is lost</p>
        {plan ? (
          <ul className="mt-1 flex list-disc flex-col gap-1 pl-5">
            {plan.losses.map((loss) => (
              <li key={loss} className="break-names">
                {loss}
              </li>
            ))}
            {plan.losses.length === 0 && <li>Nothing that Keyframe knows of.</li>}
          </ul>
        ) : (
          !planMessage && <p className="mt-1 text-muted">Asking the host…</p>
        )}
      </div>
      {plan && <PlanView plans={[{ name: null, plan: plan.plan }]} dimmed={planning} />}
      {plan?.unproven && (
        <Field
          label={`Type ${vm.name} to revert all the same`}
          value={insist}
          onChange={(event) => setInsist(event.target.value)}
          error={fields.insist}
          autoComplete="off"
          spellCheck={false}
        />
      )}
      <label className="flex items-start gap-2.5 text-sm max-sm:min-h-11 max-sm:py-1.5">
        <input
          type="checkbox"
          className="mt-0.5 size-4 shrink-0"
          checked={safetySnapshot && !plan?.safetyRefusal}
          disabled={Boolean(plan?.safetyRefusal)}
          onChange={(event) => setSafetySnapshot(event.target.checked)}
        />
        <span>
          <span className="font-medium">Take a safety snapshot first</span>
          <span className="block text-muted">
            {plan?.safetyRefusal ?? 'You can return to the present state by reverting to it.'}
          </span>
        </span>
      </label>
      <ChoiceField
        label="State after"
        value={stateAfter}
        onChange={setStateAfter}
        words={{
          'as-it-was': `as it was${plan ? ` (${plan.stateThen})` : ''}`,
          running: 'running',
          off: 'off',
        }}
      />
    </ActForm>
  )
}
