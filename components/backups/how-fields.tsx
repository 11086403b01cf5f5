import type { Schedule } from '@/lib/schedules/types'
import { QuiesceChoice } from '@/components/dialogs/snapshot-fields'
import { parseMibPerSecond, toMibPerSecond } from '@/components/format-bytes'
import { Field } from '@/components/ui/field'

/** How a schedule's backups are made and looked after, as it is typed. */
export interface HowText {
  quiesce: Schedule['quiesce']
  fullEveryDays: string
  /** MiB/s; empty = none. */
  limit: string
  recheckDays: string
}

export const newHow = (): HowText => ({ quiesce: 'auto', fullEveryDays: '7', limit: '', recheckDays: '7' })

/** A schedule that was saved, as it was typed. */
export const typedHow = (schedule: Schedule): HowText => ({
  quiesce: schedule.quiesce,
  fullEveryDays: String(schedule.fullEveryDays),
  limit: toMibPerSecond(schedule.bandwidthBytesPerSecond),
  recheckDays: String(schedule.recheckDays),
})

/** What was typed; the server says what is wrong with it. A method that can't be limited has no limit. */
export const parseHow = (text: HowText, method: string) => ({
  quiesce: text.quiesce,
  fullEveryDays: Number(text.fullEveryDays),
  recheckDays: Number(text.recheckDays),
  bandwidthBytesPerSecond: method === 'copy' ? (parseMibPerSecond(text.limit) ?? -1) : 0,
})

/** `methods`: the ones among the VMs that it is for. Folded: what a new schedule begins with is right for most. */
export function HowFields({
  value,
  onChange,
  methods,
  errors,
}: {
  value: HowText
  onChange: (value: HowText) => void
  methods: readonly string[]
  errors: Record<string, string>
}) {
  const set = (part: Partial<HowText>) => onChange({ ...value, ...part })
  const names = ['quiesce', 'fullEveryDays', 'bandwidthBytesPerSecond', 'recheckDays']
  const limitError =
    parseMibPerSecond(value.limit) === null
      ? 'A number of MiB per second, or nothing.'
      : errors.bandwidthBytesPerSecond
  return (
    <details open={names.some((name) => errors[name] !== undefined) || undefined}>
      <summary className="w-fit py-1 text-sm font-medium max-sm:py-3">
        Quiesce, {methods.includes('incremental') && 'fulls, '}
        {methods.includes('copy') && 'limit, '}checks
      </summary>
      <div className="flex flex-col gap-4 pt-2">
        <QuiesceChoice
          value={value.quiesce}
          onChange={(quiesce) => set({ quiesce })}
          hint="auto: frozen for the moment of the backup where the guest agent answers, else as after a power cut."
          error={errors.quiesce}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          {methods.includes('incremental') && (
            <Field
              label="A new full every, days"
              value={value.fullEveryDays}
              onChange={(event) => set({ fullEveryDays: event.target.value })}
              inputMode="numeric"
              hint="Increments in between."
              error={errors.fullEveryDays}
              autoComplete="off"
            />
          )}
          {methods.includes('copy') && (
            <Field
              label="Limit of a copy, MiB/s"
              value={value.limit}
              onChange={(event) => set({ limit: event.target.value })}
              inputMode="decimal"
              placeholder="no limit"
              error={limitError}
              autoComplete="off"
            />
          )}
          <Field
            label="Checked again every, days"
            value={value.recheckDays}
            onChange={(event) => set({ recheckDays: event.target.value })}
            inputMode="numeric"
            hint="Each backup is checked after it was made, too."
            error={errors.recheckDays}
            autoComplete="off"
          />
        </div>
      </div>
    </details>
  )
}
