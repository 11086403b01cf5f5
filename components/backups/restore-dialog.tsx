'use client'

import { useState } from 'react'
import type { BackupView } from '@/lib/backups/catalogue/vm-backups'
import type { BackupActs } from '@/components/backups/backup-acts'
import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { useGet } from '@/components/dialogs/use-get'
import { useStart } from '@/components/dialogs/use-start'
import { formatBytes, parseMibPerSecond } from '@/components/format-bytes'
import { formatInstant } from '@/components/format-time'
import { restorePlacesPath, restorePlanPath } from '@/components/paths'
import { Field, SelectField } from '@/components/ui/field'
import { Notice } from '@/components/ui/notice'

interface Props {
  backup: BackupView
  acts: BackupActs
  onClose: () => void
}

const ACT = 'Restore as new VM'
const AS_IT_WAS = ''

/** A new VM with the disks of a backup; the one that was backed up is left alone. */
export function RestoreDialog({ backup, acts, onClose }: Props) {
  return (
    <ActDialog title={`Restore ${backup.vmName} as a new VM`} acts={acts.vm} onClose={onClose}>
      {({ nonce, onStarted }) => (
        <Fields backup={backup} acts={acts} onClose={onClose} nonce={nonce} onStarted={onStarted} />
      )}
    </ActDialog>
  )
}

function Fields({
  backup,
  acts,
  onClose,
  nonce,
  onStarted,
}: Props & { nonce: string; onStarted: (result: { jobId: string }) => void }) {
  const [name, setName] = useState(`${backup.vmName}-restored`)
  const [directory, setDirectory] = useState(AS_IT_WAS)
  const [networkUp, setNetworkUp] = useState(false)
  const [bandwidth, setBandwidth] = useState('')
  const { data: places, message: placesMessage } = useGet(restorePlacesPath(backup.host))
  const { data: plan, message: planMessage } = useGet(restorePlanPath(backup.targetId, backup.id))
  const { submit, pending, message, fields } = useStart(acts.restore, onStarted)
  const limit = parseMibPerSecond(bandwidth)
  return (
    <ActForm
      act={ACT}
      ready={name.trim() !== '' && limit !== null && backup.fault === null && plan !== null}
      pending={pending}
      message={message}
      onClose={onClose}
      onSubmit={() =>
        submit({
          targetId: backup.targetId,
          backupId: backup.id,
          name,
          directory: directory === AS_IT_WAS ? null : directory,
          networkUp,
          bandwidthBytesPerSecond: limit ?? 0,
          nonce,
        })
      }
    >
      {backup.fault !== null && (
        <Notice tone="danger" role="alert">
          It can’t be restored. {backup.fault} Take an older one.
        </Notice>
      )}
      {backup.fault === null && backup.check === 'unchecked' && (
        <Notice tone="warn">
          It was not checked yet: whether its files are as they were written shows while they are read.
        </Notice>
      )}
      <p className="text-sm">
        The disks ({backup.disks.map((disk) => `${disk.target} ${formatBytes(disk.virtualBytes)}`).join(', ')}
        ) as they were at {formatInstant(backup.createdAtMs)}. The new VM has a UUID and MAC addresses of its
        own, and is not started.
      </p>
      {planMessage !== null && backup.fault === null && (
        <Notice tone="danger" role="alert">
          {planMessage}
        </Notice>
      )}
      {plan?.losesKernel === true && (
        <Notice tone="warn">
          This VM starts from a kernel file of the host, which the restored VM does not get. It will not start
          up until you give it one.
        </Notice>
      )}
      {plan !== null && plan.changes.length > 0 && (
        <Notice tone="plain">
          <p>What its configuration asks of the host:</p>
          <ul aria-label="What its configuration asks of the host" className="list-disc pl-5">
            {plan.changes.map((change) => (
              <li key={change}>{change}</li>
            ))}
          </ul>
        </Notice>
      )}
      <Field
        label="Name of the new VM"
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={fields.name}
        autoComplete="off"
        spellCheck={false}
        required
      />
      <SelectField
        label="Disks go"
        value={directory}
        onChange={(event) => setDirectory(event.target.value)}
        error={fields.directory ?? placesMessage ?? undefined}
      >
        <option value={AS_IT_WAS}>where they were</option>
        {places?.map((path) => (
          <option key={path} value={path}>
            to {path}
          </option>
        ))}
      </SelectField>
      <Field
        label="Limit, MiB/s"
        value={bandwidth}
        onChange={(event) => setBandwidth(event.target.value)}
        inputMode="decimal"
        placeholder="no limit"
        error={limit === null ? 'A number of MiB per second, or nothing.' : fields.bandwidthBytesPerSecond}
        autoComplete="off"
      />
      <label className="flex items-start gap-2.5 text-sm max-sm:min-h-11 max-sm:py-1.5">
        <input
          type="checkbox"
          className="mt-0.5 size-4 shrink-0"
          checked={networkUp}
          onChange={(event) => setNetworkUp(event.target.checked)}
        />
        <span>
          Leave its network plugged in{' '}
          <span className="block text-muted">
            Otherwise every card is unplugged, for the VM that was backed up may still run with the same
            addresses inside.
          </span>
        </span>
      </label>
    </ActForm>
  )
}
