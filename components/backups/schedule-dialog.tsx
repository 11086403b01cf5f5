'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { BackupForm } from '@/lib/backups/backup-form'
import type { Schedule } from '@/lib/schedules/types'
import { OnlyWhoMay } from '@/components/access/may'
import type { BackupActs } from '@/components/backups/backup-acts'
import { KeepFields } from '@/components/backups/keep-fields'
import { NoTargetForm } from '@/components/backups/no-target-form'
import { SchedulePreviewView } from '@/components/backups/schedule-preview'
import { NEW_RETENTION, newWhen, parseWhen, WhenFields, type WhenText } from '@/components/backups/when-fields'
import { ActForm } from '@/components/dialogs/act-form'
import { useGet } from '@/components/dialogs/use-get'
import { useStart } from '@/components/dialogs/use-start'
import { backupFormPath } from '@/components/paths'
import { randomId } from '@/components/random-id'
import { Dialog } from '@/components/ui/dialog'
import { SelectField } from '@/components/ui/field'
import type { VmRef } from '@/components/vm/vm-ref'

interface Props {
  vm: VmRef
  /** The one that is changed; null = a new one. */
  schedule: Schedule | null
  acts: BackupActs
  onClose: () => void
}

const ACT = 'Save schedule'

/** When backups of a VM are made, where to, and which stay; its next runs are shown before it is saved. */
export function ScheduleDialog({ vm, schedule, acts, onClose }: Props) {
  const { data: form, message } = useGet<BackupForm>(backupFormPath(vm.host, vm.uuid))
  return (
    <Dialog open title={`Schedule of ${vm.name}`} onClose={onClose}>
      {form
        ? <OnlyWhoMay act="schedule.save"><Fields vm={vm} schedule={schedule} form={form} acts={acts} onClose={onClose} /></OnlyWhoMay>
        : <ActForm act={ACT} ready={false} pending={false} message={message} onSubmit={() => undefined} onClose={onClose}><p className="min-h-96 text-sm text-muted">{message ? '' : 'Asking the host…'}</p></ActForm>}
    </Dialog>
  )
}

function Fields({ vm, schedule, form, acts, onClose }: Props & { form: BackupForm }) {
  const router = useRouter()
  const [id] = useState(() => schedule?.id ?? randomId())
  const [targetId, setTargetId] = useState(schedule?.targetId ?? form.targets[0]?.id ?? '')
  const raw = form.disks.some((disk) => disk.refusal === null && disk.format !== 'qcow2')
  const [method, setMethod] = useState<string>(schedule?.method ?? (raw ? 'copy' : 'incremental'))
  const [when, setWhen] = useState<WhenText>(() => (schedule === null ? newWhen() : typed(schedule)))
  const [keep, setKeep] = useState(() => schedule?.retention ?? NEW_RETENTION)
  const [enabled, setEnabled] = useState(schedule?.enabled ?? true)
  const { submit, pending, message, fields } = useStart(acts.saveSchedule, () => { router.refresh(); onClose() })
  const input = {
    id, exists: schedule !== null, host: vm.host, vmUuid: schedule ? schedule.vmUuid : vm.uuid, targetId, method, quiesce: schedule?.quiesce ?? 'auto', bandwidthBytesPerSecond: method === 'copy' ? (schedule?.bandwidthBytesPerSecond ?? 0) : 0, fullEveryDays: schedule?.fullEveryDays ?? 7,
    when: parseWhen(when), timeZone: when.timeZone, jitterMinutes: Number(when.jitter), retention: keep, recheckDays: schedule?.recheckDays ?? 7, enabled,
  }
  if (form.targets.length === 0) return <NoTargetForm act={ACT} host={vm.host} onClose={onClose} />
  return (
    <ActForm act={ACT} ready={targetId !== ''} pending={pending} message={message} onClose={onClose} onSubmit={() => submit(input)}>
      <SelectField label="Target" value={targetId} onChange={(event) => setTargetId(event.target.value)} error={fields.targetId}>{form.targets.map((each) => <option key={each.id} value={each.id}>{each.name}</option>)}</SelectField>
      <SelectField label="Method" value={method} onChange={(event) => setMethod(event.target.value)} error={fields.method} hint={raw ? 'A disk that is not qcow2 can’t keep a record of what changed: it is copied whole.' : method === 'copy' ? 'The disks are copied whole each time.' : `A new full every ${input.fullEveryDays} days; increments in between.`}>
        <option value="incremental" disabled={raw}>incremental</option>
        <option value="copy">snapshot, copy, merge</option>
      </SelectField>
      <WhenFields value={when} onChange={setWhen} errors={fields} />
      <KeepFields value={keep} onChange={setKeep} error={Object.entries(fields).find(([path]) => path === 'retention' || path.startsWith('retention.'))?.[1]} />
      <label className="flex items-start gap-2.5 text-sm max-sm:min-h-11 max-sm:py-1.5"><input type="checkbox" className="mt-0.5 size-4 shrink-0" checked={enabled} onChange={(event) => setEnabled(event.target.checked)} /><span>On</span></label>
      <SchedulePreviewView input={input} />
    </ActForm>
  )
}

/** A schedule that was saved, as it was typed. */
const typed = ({ when, timeZone, jitterMinutes }: Schedule): WhenText =>
  ({ ...newWhen(), kind: when.kind, ...(when.kind === 'times' ? { times: when.times.join(', '), days: when.days } : { minutes: String(when.minutes) }), timeZone, jitter: String(jitterMinutes) })
