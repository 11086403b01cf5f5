'use client'

import { useState } from 'react'
import type { BackupForm } from '@/lib/backups/backup-form'
import type { Schedule } from '@/lib/schedules/types'
import type { QuiesceMode } from '@/lib/snapshots/types'
import type { BackupActs } from '@/components/backups/backup-acts'
import { METHOD_WORDS } from '@/components/backups/method-words'
import { NoTargetForm } from '@/components/backups/no-target-form'
import { ActDialog } from '@/components/dialogs/act-dialog'
import { ActForm } from '@/components/dialogs/act-form'
import { DisksField, QuiesceField } from '@/components/dialogs/snapshot-fields'
import { useGet } from '@/components/dialogs/use-get'
import { useStart } from '@/components/dialogs/use-start'
import { parseMibPerSecond } from '@/components/format-bytes'
import { backupFormPath } from '@/components/paths'
import { ChoiceField } from '@/components/ui/choice-field'
import { Field, SelectField } from '@/components/ui/field'
import type { VmRef } from '@/components/vm/vm-ref'
import { spaceOf } from '@/components/backups/space-of'
import { whyNotIncremental } from '@/components/backups/why-not-incremental'

interface Props {
  vm: VmRef
  acts: BackupActs
  onClose: () => void
}

const ACT = 'Back up now'
const METHOD_HINTS: Record<Schedule['method'], string> = {
  incremental:
    'The first is a full, later ones hold what changed since. QEMU moves the data while the VM runs.',
  copy: 'A snapshot freezes the disks, they are copied whole, and the overlays are merged back.',
}

/** Where to, how, and which disks; then the backup as a job. */
export function BackUpDialog({ vm, acts, onClose }: Props) {
  const { data: form, message } = useGet(backupFormPath(vm.host, vm.uuid))
  return (
    <ActDialog title={`Back up ${vm.name}`} acts={acts.vm} onClose={onClose}>
      {({ nonce, onStarted }) =>
        form ? (
          <Fields vm={vm} form={form} acts={acts} nonce={nonce} onStarted={onStarted} onClose={onClose} />
        ) : (
          <ActForm
            act={ACT}
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

function Fields({
  vm,
  form,
  acts,
  nonce,
  onStarted,
  onClose,
}: Props & { form: BackupForm; nonce: string; onStarted: (result: { jobId: string }) => void }) {
  const able = form.disks.filter((disk) => disk.refusal === null)
  const [targetId, setTargetId] = useState(
    () => (form.targets.find((target) => target.problem === null) ?? form.targets[0])?.id ?? '',
  )
  const [disks, setDisks] = useState(() => able.map((disk) => disk.target))
  const incrementRefusal = whyNotIncremental(form, disks)
  const [wanted, setMethod] = useState<Schedule['method']>('incremental')
  const method = incrementRefusal === null ? wanted : 'copy'
  const [quiesce, setQuiesce] = useState<QuiesceMode>('auto')
  const [bandwidth, setBandwidth] = useState('')
  const [forceFull, setForceFull] = useState(false)
  const { submit, pending, message, fields } = useStart(acts.backUp, onStarted)
  const target = form.targets.find((each) => each.id === targetId)
  const limit = method === 'copy' ? parseMibPerSecond(bandwidth) : 0
  if (form.targets.length === 0) return <NoTargetForm act={ACT} host={vm.host} onClose={onClose} />
  return (
    <ActForm
      act={ACT}
      ready={disks.length > 0 && target !== undefined && limit !== null}
      pending={pending}
      message={message}
      onClose={onClose}
      onSubmit={() =>
        submit({
          host: vm.host,
          vm: vm.uuid,
          targetId,
          method,
          disks: disks.length === able.length ? null : disks,
          quiesce,
          bandwidthBytesPerSecond: limit ?? 0,
          forceFull: method === 'incremental' && forceFull,
          nonce,
        })
      }
    >
      <SelectField
        label="Target"
        value={targetId}
        onChange={(event) => setTargetId(event.target.value)}
        error={fields.targetId ?? target?.problem ?? undefined}
        hint={target && target.problem === null ? `${target.path}: ${spaceOf(target)}` : undefined}
      >
        {form.targets.map((each) => (
          <option key={each.id} value={each.id}>
            {each.name}
            {each.problem === null ? '' : ' (away)'}
          </option>
        ))}
      </SelectField>
      <ChoiceField
        label="Method"
        value={method}
        onChange={setMethod}
        words={METHOD_WORDS}
        disabled={incrementRefusal !== null}
        error={fields.method}
        hint={incrementRefusal === null ? METHOD_HINTS[method] : `Not incremental. ${incrementRefusal}`}
      />
      <QuiesceField value={quiesce} onChange={setQuiesce} form={form} error={fields.quiesce} />
      <DisksField
        disks={form.disks}
        chosen={disks}
        onChoose={setDisks}
        error={disks.length === 0 ? 'Choose at least one disk.' : fields.disks}
      />
      {method === 'copy' ? (
        <Field
          label="Limit, MiB/s"
          value={bandwidth}
          onChange={(event) => setBandwidth(event.target.value)}
          inputMode="decimal"
          placeholder="no limit"
          error={limit === null ? 'A number of MiB per second, or nothing.' : fields.bandwidthBytesPerSecond}
          autoComplete="off"
        />
      ) : (
        <>
          <label className="flex items-start gap-2.5 text-sm max-sm:min-h-11 max-sm:py-1.5">
            <input
              type="checkbox"
              className="mt-0.5 size-4 shrink-0"
              checked={forceFull}
              onChange={(event) => setForceFull(event.target.checked)}
            />
            <span>Make a full, whatever there is</span>
          </label>
          <p className="text-[13px] text-muted">libvirt has no bandwidth limit for this method.</p>
        </>
      )}
    </ActForm>
  )
}
