import type { Retention } from '@/lib/backups/retention/retention'
import { Field } from '@/components/ui/field'

const RULES = [
  ['last', 'Last'],
  ['daily', 'Daily'],
  ['weekly', 'Weekly'],
  ['monthly', 'Monthly'],
] as const

/** How many backups stay, by each rule. */
export function KeepFields({
  value,
  onChange,
  error,
}: {
  value: Retention
  onChange: (value: Retention) => void
  error: string | undefined
}) {
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">Keep</legend>
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        {RULES.map(([rule, label]) => (
          <Field
            key={rule}
            label={label}
            type="number"
            min={0}
            value={value[rule]}
            onChange={(event) => onChange({ ...value, [rule]: Number(event.target.value) })}
          />
        ))}
      </div>
      {error && <p className="mt-1 text-sm text-danger">{error}</p>}
      <p className="mt-1 text-[13px] text-muted">
        Whole chains expire. The last good backup stays whatever the rules say.
      </p>
    </fieldset>
  )
}
