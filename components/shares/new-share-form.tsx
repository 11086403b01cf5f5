'use client'

import { useState, type ReactNode } from 'react'
import { DEFAULT_LIFETIME, type Lifetime } from '@/lib/shares/lifetimes'
import type { NewShare, ShareSubject } from '@/lib/shares/types'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import type { ShareActs } from '@/components/shares/share-acts'
import { ChoiceField } from '@/components/ui/choice-field'
import { Field } from '@/components/ui/field'

const WORDS: Record<Lifetime, string> = { '1h': '1 hour', '1d': '1 day', '7d': '7 days', '30d': '30 days' }
const SHOWN: Record<ShareSubject['kind'], string> = {
  vm: 'Its disks with their chains, its snapshots and the progress of its jobs',
  snapshot: 'This snapshot and what it froze, and no other',
  backups: 'Whether it is protected, and its backups: when, how large, and how they were checked',
  job: 'This job with its steps and its progress',
}

interface Props {
  subject: ShareSubject
  create: ShareActs['create']
  onMade: (share: NewShare) => void
  onClose: () => void
  children: ReactNode
}

/** How long, with which password, with or without paths. */
export function NewShareForm({ subject, create, onMade, onClose, children }: Props) {
  const [lifetime, setLifetime] = useState<Lifetime>(DEFAULT_LIFETIME)
  const [password, setPassword] = useState('')
  const [showPaths, setShowPaths] = useState(false)
  const { submit, pending, message, fields } = useStart(create, onMade)
  return (
    <ActForm
      act="Make link"
      ready
      pending={pending}
      message={fields.password ? null : message}
      onClose={onClose}
      onSubmit={() => submit({ ...subject, lifetime, password, showPaths })}
    >
      <p className="text-sm text-muted">
        Whoever has the link reads this, live and without an account:{' '}
        {SHOWN[subject.kind].charAt(0).toLowerCase() + SHOWN[subject.kind].slice(1)}. Nothing can be changed
        with it.
      </p>
      <ChoiceField label="Works for" value={lifetime} onChange={setLifetime} words={WORDS} />
      <Field
        label="Password"
        type="password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        error={fields.password}
        hint="Empty: the link is enough. Else at least 8 characters."
        autoComplete="new-password"
      />
      {subject.kind !== 'backups' && (
        <label className="flex min-w-0 items-start gap-2.5 text-sm max-sm:min-h-11 max-sm:py-1.5">
          <input
            type="checkbox"
            className="mt-0.5 size-4 shrink-0"
            checked={showPaths}
            onChange={(event) => setShowPaths(event.target.checked)}
          />
          <span className="min-w-0">
            Show file paths
            <span className="block text-muted">
              {subject.kind === 'job'
                ? 'Else files are called “file 1”, “file 2”, and command lines and XML are left out.'
                : 'Else files are called “file 1”, “file 2”.'}
            </span>
          </span>
        </label>
      )}
      {children}
    </ActForm>
  )
}
