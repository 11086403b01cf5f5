import type { ReactNode } from 'react'
import type { MergeOption } from '@/lib/merges/types'
import { baseName } from '@/components/base-name'
import { classNames } from '@/components/class-names'
import type { MergeDisk } from '@/components/dialogs/merge-range-fields'
import { mergeStory } from '@/components/dialogs/merge-story'
import { formatBytes } from '@/components/format-bytes'

interface Props {
  disks: MergeDisk[]
  options: MergeOption[]
  chosen: MergeOption[]
  onPick: (option: MergeOption) => void
  /** While a newer plan is on its way. */
  dimmed: boolean
}

/** For each disk both directions, with what each costs before it starts. */
export function MergeOptions({ disks, options, chosen, onPick, dimmed }: Props) {
  const targets = [...new Set(options.map((option) => option.target))]
  if (targets.length === 0)
    return <p className="text-sm text-muted">Every disk has one layer only: there is nothing to merge.</p>
  return (
    <div className={classNames('flex flex-col gap-4', dimmed && 'opacity-60')}>
      {targets.map((target) => (
        <fieldset key={target} className="flex flex-col gap-2">
          <legend className="mb-1 text-sm font-medium">{target}</legend>
          {options
            .filter((option) => option.target === target)
            .map((option) => (
              <Option
                key={option.direction}
                option={option}
                paths={disks.find((disk) => disk.target === target)?.paths ?? []}
                checked={chosen.includes(option)}
                onPick={() => onPick(option)}
              />
            ))}
        </fieldset>
      ))}
    </div>
  )
}

const NAMES = { commit: 'Commit down', pull: 'Pull up' } as const

function Option({
  option,
  paths,
  checked,
  onPick,
}: {
  option: MergeOption
  paths: readonly string[]
  checked: boolean
  onPick: () => void
}) {
  const refused = option.refusal !== null
  return (
    <label
      className={classNames(
        'flex min-w-0 items-start gap-2.5 rounded-md border px-3 py-2 text-sm',
        checked ? 'border-accent bg-accent/6' : 'border-line',
        refused && 'cursor-not-allowed',
      )}
    >
      <input
        type="radio"
        name={`merge-${option.target}`}
        className="mt-0.5 size-4 shrink-0"
        checked={checked}
        disabled={refused}
        onChange={onPick}
      />
      <span className="min-w-0 flex-1 break-names">
        <span className="font-medium">{NAMES[option.direction]}</span>
        {option.proposed && (
          <span className="ml-2 rounded border border-accent/60 px-1 text-[11px] text-accent">proposed</span>
        )}
        <span className="block text-muted">{option.refusal ?? mergeStory(option, paths)}</span>
        {!refused && (
          <span className="mt-1 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-0.5 text-[13px]">
            <Cost name="Copies">{formatBytes(option.bytesToCopy)}</Cost>
            <Cost name="Needs up to">
              {formatBytes(option.spaceNeededBytes)}
              {option.spaceFreeBytes !== null && (
                <span className="text-muted"> of {formatBytes(option.spaceFreeBytes)} free</span>
              )}
            </Cost>
            <Cost name="Loses">
              {option.lostSnapshots.length > 0 ? (
                <span className="text-danger">
                  {names(option.lostSnapshots)}: you can’t revert to{' '}
                  {option.lostSnapshots.length === 1 ? 'it' : 'them'} afterwards
                </span>
              ) : (
                'no restore point'
              )}
            </Cost>
            {option.keptSnapshots.length > 0 && <Cost name="Keeps">{names(option.keptSnapshots)}</Cost>}
            {option.removedFiles.length > 0 && (
              <Cost name="Removes">{option.removedFiles.map(baseName).join(', ')}</Cost>
            )}
            {option.keptFiles.map(({ path, reason }) => (
              <Cost key={path} name="Stays">
                {baseName(path)}: {reason}
              </Cost>
            ))}
            <Cost name="Leaves">
              {option.resultPaths.length === 1
                ? `one layer, ${baseName(option.resultPaths[0] ?? '')}`
                : `${option.resultPaths.length} layers`}
            </Cost>
          </span>
        )}
      </span>
    </label>
  )
}

const names = (snapshots: string[]) =>
  snapshots.length === 1 ? `snapshot ${snapshots[0]}` : `snapshots ${snapshots.join(', ')}`

const Cost = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <span className="text-muted">{name}</span>
    <span className="min-w-0">{children}</span>
  </>
)
