import type { TargetState } from '@/lib/backups/targets/target-states'
import { spaceOf } from '@/components/backups/space-of'
import { SelectField } from '@/components/ui/field'

/** The target that stands for a host until one chooses. */
export const firstTarget = (targets: readonly TargetState[]): TargetState | undefined =>
  targets.find((target) => target.problem === null) ?? targets[0]

interface Props {
  /** Targets of each host that has any. */
  byHost: ReadonlyMap<string, TargetState[]>
  chosen: ReadonlyMap<string, string>
  onChoose: (host: string, targetId: string) => void
}

/** Where backups go: a target belongs to one host, so there is a choice for each. */
export function TargetFields({ byHost, chosen, onChoose }: Props) {
  return [...byHost].map(([host, targets]) => {
    const target = targets.find((each) => each.id === chosen.get(host)) ?? firstTarget(targets)
    return (
      <SelectField
        key={host}
        label={byHost.size === 1 ? 'Target' : `Target on ${host}`}
        value={target?.id ?? ''}
        onChange={(event) => onChoose(host, event.target.value)}
        error={target?.problem ?? undefined}
        hint={target && target.problem === null ? `${target.path}: ${spaceOf(target)}` : undefined}
      >
        {targets.map((each) => (
          <option key={each.id} value={each.id}>
            {each.name}
            {each.problem === null ? '' : ' (away)'}
          </option>
        ))}
      </SelectField>
    )
  })
}
