import type { FieldsProps } from '@/components/notifications/channel-form'
import { Field } from '@/components/ui/field'

/** A token or a password: one that is set shows as "set", and stays while nothing is typed. */
export function SecretField({
  label,
  hint,
  value,
  set,
  error,
  channel,
}: Pick<FieldsProps, 'value' | 'set' | 'channel'> & {
  label: string
  hint: string
  error: string | undefined
}) {
  const isSet = channel?.hasSecret ?? false
  return (
    <div className="flex flex-col gap-1">
      <Field
        label={label}
        type="password"
        value={value.secret}
        onChange={(event) => set({ secret: event.target.value })}
        disabled={value.dropSecret}
        error={error}
        placeholder={isSet ? 'set' : ''}
        hint={isSet ? 'Empty: the one that is set stays.' : hint}
        autoComplete="new-password"
      />
      {isSet && (
        <label className="flex items-center gap-2.5 text-sm max-sm:min-h-11">
          <input
            type="checkbox"
            className="size-4 shrink-0"
            checked={value.dropSecret}
            onChange={(event) => set({ dropSecret: event.target.checked, secret: '' })}
          />
          Take it away
        </label>
      )}
    </div>
  )
}
