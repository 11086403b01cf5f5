import { classNames } from '@/components/class-names'

/** How far a job is. null: it has not said yet. */
export function ProgressBar({
  label,
  percent,
  className,
}: {
  label: string
  percent: number | null
  className?: string
}) {
  const whole = Math.floor(Math.min(100, Math.max(0, percent ?? 0)))
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={whole}
      aria-valuetext={percent === null ? 'not known yet' : `${whole} %`}
      className={classNames(
        'h-2 w-full overflow-hidden rounded-full bg-sunken ring-1 ring-line ring-inset',
        className,
      )}
    >
      <div
        className="h-full rounded-full bg-accent transition-[width] duration-500 ease-linear"
        style={{ width: `${percent ?? 0}%` }}
      />
    </div>
  )
}
