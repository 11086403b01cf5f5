'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { OnlyWhoMay } from '@/components/access/may'
import type { BackupActs } from '@/components/backups/backup-acts'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { Dialog } from '@/components/ui/dialog'
import { Field, SelectField } from '@/components/ui/field'

interface Props {
  hosts: string[]
  acts: BackupActs
  onClose: () => void
}

const GIB = 1024 ** 3
/** GiB as people type them, to bytes; nothing = no quota. undefined when it is no such number. */
function parseQuota(text: string): number | null | undefined {
  const trimmed = text.trim().replace(',', '.')
  if (trimmed === '') return null
  const value = /^\d+(\.\d+)?$/.test(trimmed) ? Math.round(Number(trimmed) * GIB) : NaN
  return Number.isSafeInteger(value) && value > 0 ? value : undefined
}

/** A directory or pool of a hypervisor that backups may go to. */
export function AddTargetDialog({ hosts, acts, onClose }: Props) {
  const router = useRouter()
  const [host, setHost] = useState(hosts[0] ?? '')
  const [name, setName] = useState('')
  const [place, setPlace] = useState('')
  const [quota, setQuota] = useState('')
  const { submit, pending, message, fields } = useStart(acts.addTarget, () => {
    router.refresh()
    onClose()
  })
  const quotaBytes = parseQuota(quota)
  return (
    <Dialog open title="Add target" onClose={onClose}>
      <OnlyWhoMay act="target.add">
        <ActForm
          act="Add target"
          ready={name.trim() !== '' && place.trim() !== '' && quotaBytes !== undefined}
          pending={pending}
          message={message}
          onClose={onClose}
          onSubmit={() => submit({ host, name, place: place.trim(), quotaBytes: quotaBytes ?? null })}
        >
          {hosts.length > 1 && (
            <SelectField
              label="Host"
              value={host}
              onChange={(event) => setHost(event.target.value)}
              error={fields.host}
            >
              {hosts.map((each) => (
                <option key={each} value={each}>
                  {each}
                </option>
              ))}
            </SelectField>
          )}
          <Field
            label="Name"
            value={name}
            onChange={(event) => setName(event.target.value)}
            error={fields.name}
            placeholder="nightly"
            autoComplete="off"
            required
          />
          <Field
            label="Directory or pool"
            value={place}
            onChange={(event) => setPlace(event.target.value)}
            error={fields.place}
            placeholder="/srv/backups"
            hint={`A directory of ${host} as an absolute path, best on a disk of its own or a mounted share, or the name of a storage pool. QEMU must be able to write there.`}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            required
          />
          <Field
            label="Quota, GiB"
            value={quota}
            onChange={(event) => setQuota(event.target.value)}
            error={quotaBytes === undefined ? 'A number of GiB, or nothing.' : fields.quotaBytes}
            placeholder="no quota"
            inputMode="decimal"
            autoComplete="off"
            hint="Backups that would take more than this in all are refused."
          />
        </ActForm>
      </OnlyWhoMay>
    </Dialog>
  )
}
