'use client'

import { useState } from 'react'
import type { RepairOffer } from '@/lib/repairs/types'
import type { RepairActs } from '@/components/check/repair-acts'
import { RepairPreview } from '@/components/check/repair-preview'
import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { Field } from '@/components/ui/field'

interface Props {
  host: string
  repair: RepairOffer
  acts: RepairActs
  onClose: () => void
}

/** What a repair will do and what it costs, then the repair as a job. */
export function RepairDialog({ host, repair, acts, onClose }: Props) {
  return (
    <ActDialog title={repair.label} acts={acts.vm} onClose={onClose}>
      {({ nonce, onStarted }) => (
        <Fields
          host={host}
          repair={repair}
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
  host,
  repair,
  acts,
  onClose,
  nonce,
  onStarted,
}: Props & { nonce: string; onStarted: (result: { jobId: string }) => void }) {
  const [typed, setTyped] = useState('')
  const { submit, pending, message, fields } = useStart(acts.repair, onStarted)
  return (
    <ActForm
      act={repair.label}
      danger
      ready={repair.confirm === null || typed === repair.confirm}
      pending={pending}
      message={message}
      onClose={onClose}
      onSubmit={() => submit({ host, repair: repair.id, fingerprint: repair.fingerprint, typed, nonce })}
    >
      <RepairPreview repair={repair} />
      {repair.confirm !== null && (
        <Field
          label={`Type ${repair.confirm} to go on`}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          error={fields.typed}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
        />
      )}
    </ActForm>
  )
}
