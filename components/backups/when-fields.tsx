import type { When } from '@/lib/schedules/types'
import { Field, SelectField } from '@/components/ui/field'

/** When, as it is typed. */
export interface WhenText {
  kind: When['kind']
  times: string
  days: number[]
  minutes: string
  timeZone: string
  jitter: string
}

/** What a new schedule begins with: each night, by the clock of whoever makes it. */
export const newWhen = (): WhenText => ({
  kind: 'times',
  times: '02:30',
  days: [1, 2, 3, 4, 5, 6, 7],
  minutes: '60',
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  jitter: '0',
})
export const NEW_RETENTION = { last: 7, daily: 7, weekly: 4, monthly: 3 }

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** What was typed; the server says what is wrong with it. */
export const parseWhen = (text: WhenText): When =>
  text.kind === 'interval'
    ? { kind: 'interval', minutes: Number(text.minutes) }
    : {
        kind: 'times',
        times: text.times
          .split(/[\s,;]+/)
          .filter((time) => time !== '')
          .map((time) => (/^\d:/.test(time) ? `0${time}` : time)),
        days: text.days,
      }

export function WhenFields({
  value,
  onChange,
  errors,
}: {
  value: WhenText
  onChange: (value: WhenText) => void
  errors: Record<string, string>
}) {
  const set = (part: Partial<WhenText>) => onChange({ ...value, ...part })
  const whenError = Object.entries(errors).find(([path]) => path === 'when' || path.startsWith('when.'))?.[1]
  return (
    <>
      <SelectField
        label="Runs"
        value={value.kind}
        onChange={(event) => set({ kind: event.target.value === 'interval' ? 'interval' : 'times' })}
      >
        <option value="times">at times of day</option>
        <option value="interval">every few minutes</option>
      </SelectField>
      {value.kind === 'interval' ? (
        <Field
          label="Minutes between runs"
          value={value.minutes}
          onChange={(event) => set({ minutes: event.target.value })}
          inputMode="numeric"
          error={whenError}
          autoComplete="off"
        />
      ) : (
        <>
          <Field
            label="Times of day"
            value={value.times}
            onChange={(event) => set({ times: event.target.value })}
            error={whenError}
            hint="Like 02:30, several with commas."
            autoComplete="off"
          />
          <fieldset>
            <legend className="mb-1 text-sm font-medium">Days</legend>
            <div className="flex flex-wrap gap-x-4 gap-y-1">
              {DAYS.map((day, index) => (
                <label key={day} className="flex items-center gap-1.5 text-sm max-sm:min-h-11">
                  <input
                    type="checkbox"
                    className="size-4"
                    checked={value.days.includes(index + 1)}
                    onChange={(event) =>
                      set({
                        days: event.target.checked
                          ? [...value.days, index + 1].sort()
                          : value.days.filter((each) => each !== index + 1),
                      })
                    }
                  />
                  {day}
                </label>
              ))}
            </div>
          </fieldset>
        </>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="Time zone"
          value={value.timeZone}
          onChange={(event) => set({ timeZone: event.target.value })}
          error={errors.timeZone}
          autoComplete="off"
          spellCheck={false}
        />
        <Field
          label="Jitter, minutes"
          value={value.jitter}
          onChange={(event) => set({ jitter: event.target.value })}
          error={errors.jitterMinutes}
          inputMode="numeric"
          hint="Each run begins up to so much later."
          autoComplete="off"
        />
      </div>
    </>
  )
}
