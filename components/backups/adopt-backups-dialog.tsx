'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { ForeignView } from '@/lib/backups/catalogue/foreign-backups'
import type { TargetState } from '@/lib/backups/targets/target-states'
import { OnlyWhoMay } from '@/components/access/may'
import type { BackupActs } from '@/components/backups/backup-acts'
import { ActForm } from '@/components/dialogs/act-form'
import { useGet } from '@/components/dialogs/use-get'
import { useStart } from '@/components/dialogs/use-start'
import { formatBytes } from '@/components/format-bytes'
import { foreignBackupsPath } from '@/components/paths'
import { Dialog, DialogBody } from '@/components/ui/dialog'
import { Notice } from '@/components/ui/notice'
import { When } from '@/components/when'

interface Props {
  target: TargetState
  acts: BackupActs
  onClose: () => void
}

const count = (number: number) => (number === 1 ? '1 backup' : `${number} backups`)

/** Takes backups of another Keyframe as one's own, once an admin has seen what they ask of the host. */
export function AdoptBackupsDialog({ target, acts, onClose }: Props) {
  const { data, message } = useGet(foreignBackupsPath(target.id))
  return (
    <Dialog open title={`Adopt backups in ${target.name}`} onClose={onClose}>
      <OnlyWhoMay act="target.adopt">
        {data ? (
          <Fields target={target} acts={acts} onClose={onClose} view={data} />
        ) : (
          <DialogBody>
            {message === null ? (
              <p className="text-sm text-muted">Reading…</p>
            ) : (
              <Notice tone="danger" role="alert">
                {message}
              </Notice>
            )}
          </DialogBody>
        )}
      </OnlyWhoMay>
    </Dialog>
  )
}

function Fields({ target, acts, onClose, view }: Props & { view: ForeignView }) {
  const router = useRouter()
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const [confirmed, setConfirmed] = useState<ReadonlySet<string>>(new Set())
  const { submit, pending, message } = useStart(acts.adoptBackups, () => {
    router.refresh()
    onClose()
  })
  const chosen = view.vms.filter((vm) => !left.has(vm.vmUuid))
  const demands = view.demands.filter((demand) => chosen.some((vm) => vm.demandKeys.includes(demand.key)))
  const ready = chosen.length > 0 && demands.every((demand) => confirmed.has(demand.key))
  return (
    <ActForm
      act="Adopt"
      ready={ready}
      pending={pending}
      message={message}
      onClose={onClose}
      onSubmit={() =>
        submit({
          targetId: target.id,
          backups: chosen.flatMap((vm) => vm.backups),
          confirmed: [...confirmed],
        })
      }
    >
      <p className="text-sm break-names">
        Another Keyframe made these backups, or this one with a key it no longer has. Adopt them only if you
        know where they come from: adopted, they count as this Keyframe’s own, and operators can restore them.
      </p>
      <fieldset className="flex flex-col gap-1 text-sm">
        <legend className="pb-1 font-medium">VMs</legend>
        {view.vms.map((vm) => (
          <Tick
            key={vm.vmUuid}
            checked={!left.has(vm.vmUuid)}
            onChange={(on) => setLeft(changed(left, vm.vmUuid, !on))}
          >
            <span className="font-medium">{vm.vmName}</span>{' '}
            <span className="text-muted">
              {count(vm.backups.length)}, {formatBytes(vm.bytes)}, the newest <When ms={vm.newestAtMs} />,
              made on {vm.madeOn}
            </span>
          </Tick>
        ))}
      </fieldset>
      {view.unreadable.length > 0 && (
        <Notice tone="warn">
          These can’t be adopted, because their configuration is missing or was changed:{' '}
          {view.unreadable.join(', ')}.
        </Notice>
      )}
      {demands.length === 0 ? (
        <p className="text-sm">Their configurations ask nothing special of the host.</p>
      ) : (
        <fieldset className="flex flex-col gap-1 text-sm">
          <legend className="pb-1 font-medium">What they ask of the host</legend>
          <p className="pb-1 text-muted">Confirm each one. A restored VM gets none of it as it stands.</p>
          {demands.map((demand) => (
            <Tick
              key={demand.key}
              checked={confirmed.has(demand.key)}
              onChange={(on) => setConfirmed(changed(confirmed, demand.key, on))}
            >
              <span className="break-names">{demand.sentence}</span>{' '}
              <span className="text-muted">{count(demand.backups)}</span>
            </Tick>
          ))}
        </fieldset>
      )}
    </ActForm>
  )
}

function changed(set: ReadonlySet<string>, key: string, on: boolean): ReadonlySet<string> {
  const next = new Set(set)
  if (on) next.add(key)
  else next.delete(key)
  return next
}

function Tick({
  checked,
  onChange,
  children,
}: {
  checked: boolean
  onChange: (on: boolean) => void
  children: React.ReactNode
}) {
  return (
    <label className="flex items-start gap-2.5 max-sm:min-h-11 max-sm:py-1.5">
      <input
        type="checkbox"
        className="mt-0.5 size-4 shrink-0"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span className="min-w-0 break-names">{children}</span>
    </label>
  )
}
