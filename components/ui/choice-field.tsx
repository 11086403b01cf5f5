import type { ComponentProps } from 'react'
import { SelectField } from '@/components/ui/field'

/** A labelled choice of one of the values of a type; `words` says each, in this order. */
export function ChoiceField<Value extends string>({
  value,
  onChange,
  words,
  unavailable = [],
  ...field
}: Omit<ComponentProps<typeof SelectField>, 'value' | 'onChange' | 'children'> & {
  value: Value
  onChange: (value: Value) => void
  words: Record<Value, string>
  /** Shown, and not to be chosen. */
  unavailable?: readonly Value[]
}) {
  const values = Object.keys(words) as Value[]
  return (
    <SelectField value={value} onChange={(event) => onChange(event.target.value as Value)} {...field}>
      {values.map((each) => (
        <option key={each} value={each} disabled={unavailable.includes(each)}>
          {words[each]}
        </option>
      ))}
    </SelectField>
  )
}
