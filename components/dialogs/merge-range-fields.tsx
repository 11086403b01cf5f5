import { baseName } from '@/components/base-name'
import { SelectField } from '@/components/ui/field'

export interface MergeDisk {
  target: string
  /** Base first. */
  paths: string[]
}

/** '' is: all disks, the active layer, the base. */
export interface RangeChoice {
  target: string
  topPath: string
  basePath: string
}

/** Which disk, and from which layer down to which. */
export function MergeRangeFields({
  disks,
  range,
  onChange,
}: {
  disks: MergeDisk[]
  range: RangeChoice
  onChange: (range: RangeChoice) => void
}) {
  const disk = disks.find((each) => each.target === range.target)
  return (
    <div className="flex flex-col gap-4">
      <SelectField
        label="Disk"
        value={range.target}
        onChange={(event) => onChange({ target: event.target.value, topPath: '', basePath: '' })}
      >
        {disks.length > 1 && <option value="">all disks, each as a whole</option>}
        {disks.map(({ target, paths }) => (
          <option key={target} value={target}>
            {target} ({paths.length} layers)
          </option>
        ))}
      </SelectField>
      {disk && disk.paths.length > 1 && (
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField
            label="From layer"
            value={range.topPath}
            onChange={(event) => onChange({ ...range, topPath: event.target.value })}
          >
            <option value="">{baseName(disk.paths.at(-1) ?? '')} (active)</option>
            {disk.paths
              .slice(1, -1)
              .toReversed()
              .map((path) => (
                <option key={path} value={path}>
                  {baseName(path)}
                </option>
              ))}
          </SelectField>
          <SelectField
            label="Down to layer"
            value={range.basePath}
            onChange={(event) => onChange({ ...range, basePath: event.target.value })}
          >
            <option value="">{baseName(disk.paths[0] ?? '')} (base)</option>
            {disk.paths.slice(1, -1).map((path) => (
              <option key={path} value={path}>
                {baseName(path)}
              </option>
            ))}
          </SelectField>
        </div>
      )}
    </div>
  )
}
