import type { QuiesceMode, SnapshotForm } from '@/lib/snapshots/types'
import { quiesceHint, type AgentNow } from '@/components/dialogs/quiesce-hint'
import { ChoiceField } from '@/components/ui/choice-field'

const QUIESCE_WORDS: Record<QuiesceMode, string> = { auto: 'auto', required: 'required', off: 'off' }

export function QuiesceField({
  value,
  onChange,
  form,
  error,
}: {
  value: QuiesceMode
  onChange: (value: QuiesceMode) => void
  form: AgentNow
  error: string | undefined
}) {
  return <QuiesceChoice value={value} onChange={onChange} hint={quiesceHint(form)} error={error} />
}

/** The same for many VMs, of which each has its own agent: the hint says what `auto` is. */
export const QuiesceChoice = ({
  value,
  onChange,
  hint,
  error,
}: {
  value: QuiesceMode
  onChange: (value: QuiesceMode) => void
  hint: string
  error?: string | undefined
}) => (
  <ChoiceField
    label="Quiesce"
    value={value}
    onChange={onChange}
    words={QUIESCE_WORDS}
    hint={hint}
    error={error}
  />
)

/** Which disks; the ones that can't are listed with the reason. */
export function DisksField({
  disks,
  chosen,
  onChoose,
  error,
}: {
  disks: SnapshotForm['disks']
  chosen: string[]
  onChoose: (targets: string[]) => void
  error: string | undefined
}) {
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="mb-1 text-sm font-medium">Disks</legend>
      {disks.map(({ target, path, refusal }) => (
        <label
          key={target}
          className="flex min-w-0 items-start gap-2.5 text-sm max-sm:min-h-11 max-sm:py-1.5"
        >
          <input
            type="checkbox"
            className="mt-0.5 size-4 shrink-0"
            disabled={refusal !== null}
            checked={chosen.includes(target)}
            onChange={(event) =>
              onChoose(event.target.checked ? [...chosen, target] : chosen.filter((each) => each !== target))
            }
          />
          <span className="min-w-0 break-names">
            <span className="font-medium">{target}</span> <span className="text-muted">{path}</span>
            {refusal && <span className="block text-muted">{refusal}</span>}
          </span>
        </label>
      ))}
      {error && <p className="text-sm text-danger">{error}</p>}
    </fieldset>
  )
}
