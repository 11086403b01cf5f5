import type { FieldsProps } from '@/components/notifications/channel-form'
import { Field } from '@/components/ui/field'

const choice = 'flex min-w-0 items-start gap-2.5 text-sm max-sm:min-h-11 max-sm:py-1.5'

/** What a channel hears. */
export function HearsFields({ value, set, errors }: FieldsProps) {
  return (
    <>
      <fieldset className="flex min-w-0 flex-col gap-1.5">
        <legend className="mb-1 text-sm font-medium">Tells</legend>
        <label className={choice}>
          <input
            type="checkbox"
            className="mt-0.5 size-4 shrink-0"
            checked={value.hearsProtection}
            onChange={(event) => set({ hearsProtection: event.target.checked })}
          />
          <span>when a VM’s protection changes</span>
        </label>
        <label className={choice}>
          <input
            type="checkbox"
            className="mt-0.5 size-4 shrink-0"
            checked={value.hearsJobs}
            onChange={(event) => set({ hearsJobs: event.target.checked })}
          />
          <span>when a job fails, or waits for a decision</span>
        </label>
        <label className={choice}>
          <input
            type="checkbox"
            className="mt-0.5 size-4 shrink-0"
            checked={value.digest}
            onChange={(event) => set({ digest: event.target.checked })}
          />
          <span>once a day, how all stands</span>
        </label>
      </fieldset>
      {value.digest && (
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label="Time of day"
            value={value.digestAt}
            onChange={(event) => set({ digestAt: event.target.value })}
            error={errors.digestAt}
            hint="Like 08:00."
            autoComplete="off"
          />
          <Field
            label="Time zone"
            value={value.timeZone}
            onChange={(event) => set({ timeZone: event.target.value })}
            error={errors.timeZone}
            autoComplete="off"
            spellCheck={false}
          />
        </div>
      )}
    </>
  )
}
