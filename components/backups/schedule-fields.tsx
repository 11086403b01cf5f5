'use client'

import { useRouter } from 'next/navigation'
import { useState, type ReactNode } from 'react'
import type { ScheduleInput } from '@/lib/schedules/schedule-input'
import type { Schedule } from '@/lib/schedules/types'
import { OnlyWhoMay } from '@/components/access/may'
import type { BackupActs } from '@/components/backups/backup-acts'
import { HowFields, newHow, parseHow, typedHow } from '@/components/backups/how-fields'
import { KeepFields } from '@/components/backups/keep-fields'
import { METHOD_WORDS } from '@/components/backups/method-words'
import { NoTargetForm } from '@/components/backups/no-target-form'
import { SchedulePreviewView } from '@/components/backups/schedule-preview'
import {
  NEW_RETENTION,
  newWhen,
  parseWhen,
  WhenFields,
  type WhenText,
} from '@/components/backups/when-fields'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { randomId } from '@/components/random-id'
import { ChoiceField } from '@/components/ui/choice-field'
import { SelectField } from '@/components/ui/field'

export const SAVE_SCHEDULE = 'Save schedule'

interface Props {
  host: string
  /** null = every VM of the host that has no schedule of its own. */
  vmUuid: string | null
  /** The one that is changed; null = a new one. */
  schedule: Schedule | null
  /** Of this host. */
  targets: readonly { id: string; name: string }[]
  /** The VM has a disk that can't keep a record of what changed. */
  raw: boolean
  acts: BackupActs
  onClose: () => void
  /** Fields that stand before the others. */
  children?: ReactNode
}

/** The form of a schedule, of a VM or of a host. */
export function ScheduleFields({ host, vmUuid, schedule, targets, raw, acts, onClose, children }: Props) {
  const router = useRouter()
  const [id] = useState(() => schedule?.id ?? randomId())
  const [chosen, setTargetId] = useState(schedule?.targetId ?? null)
  const targetId = (targets.find((each) => each.id === chosen) ?? targets[0])?.id ?? ''
  const [method, setMethod] = useState<Schedule['method']>(schedule?.method ?? (raw ? 'copy' : 'incremental'))
  const [when, setWhen] = useState<WhenText>(() => (schedule === null ? newWhen() : typed(schedule)))
  const [keep, setKeep] = useState(() => schedule?.retention ?? NEW_RETENTION)
  const [how, setHow] = useState(() => (schedule === null ? newHow() : typedHow(schedule)))
  const [enabled, setEnabled] = useState(schedule?.enabled ?? true)
  const { submit, pending, message, fields } = useStart(acts.saveSchedule, () => {
    router.refresh()
    onClose()
  })
  const input: ScheduleInput = {
    id,
    exists: schedule !== null,
    host,
    vmUuid,
    targetId,
    method,
    ...parseHow(how, method),
    when: parseWhen(when),
    timeZone: when.timeZone,
    jitterMinutes: Number(when.jitter),
    retention: keep,
    enabled,
  }
  const methodHint = () => {
    if (raw) return 'A disk that is not qcow2 can’t keep a record of what changed: it is copied whole.'
    if (method === 'copy') return 'The disks are copied whole each time.'
    return `A new full every ${how.fullEveryDays} days; increments in between.${vmUuid === null ? ' A VM that is off, or has a disk that is not qcow2, is copied whole.' : ''}`
  }
  if (targets.length === 0)
    return (
      <NoTargetForm act={SAVE_SCHEDULE} host={host} onClose={onClose}>
        {children}
      </NoTargetForm>
    )
  return (
    <OnlyWhoMay act="schedule.save">
      <ActForm
        act={SAVE_SCHEDULE}
        ready
        pending={pending}
        message={message}
        onClose={onClose}
        onSubmit={() => submit(input)}
      >
        {children}
        <SelectField
          label="Target"
          value={targetId}
          onChange={(event) => setTargetId(event.target.value)}
          error={fields.targetId}
        >
          {targets.map((each) => (
            <option key={each.id} value={each.id}>
              {each.name}
            </option>
          ))}
        </SelectField>
        <ChoiceField
          label="Method"
          value={method}
          onChange={setMethod}
          words={METHOD_WORDS}
          unavailable={raw ? ['incremental'] : []}
          error={fields.method}
          hint={methodHint()}
        />
        <WhenFields value={when} onChange={setWhen} errors={fields} />
        <KeepFields
          value={keep}
          onChange={setKeep}
          error={
            Object.entries(fields).find(
              ([path]) => path === 'retention' || path.startsWith('retention.'),
            )?.[1]
          }
        />
        <HowFields value={how} onChange={setHow} methods={[method]} errors={fields} />
        <label className="flex items-start gap-2.5 text-sm max-sm:min-h-11 max-sm:py-1.5">
          <input
            type="checkbox"
            className="mt-0.5 size-4 shrink-0"
            checked={enabled}
            onChange={(event) => setEnabled(event.target.checked)}
          />
          <span>On</span>
        </label>
        <SchedulePreviewView input={input} />
      </ActForm>
    </OnlyWhoMay>
  )
}

/** A schedule that was saved, as it was typed. */
const typed = ({ when, timeZone, jitterMinutes }: Schedule): WhenText => ({
  ...newWhen(),
  kind: when.kind,
  ...(when.kind === 'times'
    ? { times: when.times.join(', '), days: when.days }
    : { minutes: String(when.minutes) }),
  timeZone,
  jitter: String(jitterMinutes),
})
