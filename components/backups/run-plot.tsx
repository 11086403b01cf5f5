import { formatBytes } from '@/components/format-bytes'
import { formatDuration } from '@/components/format-time'

const WIDTH = 96
const HEIGHT = 24
const BAR_MAXIMUM = 12
const GAP = 1

interface Props {
  /** Oldest first. */
  values: number[]
  of: 'size' | 'duration'
}

/** Bars of the last runs' size or duration, the newest on the right; drawn on the server. */
export function RunPlot({ values, of }: Props) {
  const most = Math.max(1, ...values)
  const step = Math.min(BAR_MAXIMUM, WIDTH / Math.max(values.length, 1))
  const words = (value: number) => (of === 'size' ? formatBytes(value) : formatDuration(value / 1000))
  return (
    <span className="inline-flex items-center gap-1.5 text-[13px] text-muted">
      <svg
        role="img"
        aria-label={`${of} of the last ${values.length} runs, from ${words(Math.min(...values))} to ${words(Math.max(...values))}`}
        width={WIDTH}
        height={HEIGHT}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        className="shrink-0"
      >
        <line
          x1="0"
          x2={WIDTH}
          y1={HEIGHT - 0.5}
          y2={HEIGHT - 0.5}
          className="stroke-line-strong"
          strokeWidth="1"
        />
        {values.map((value, index) => {
          const height = Math.max(1, (value / most) * (HEIGHT - 2))
          return (
            <rect
              key={index}
              x={index * step}
              y={HEIGHT - 1 - height}
              width={Math.max(1, step - GAP)}
              height={height}
              className={index === values.length - 1 ? 'fill-accent' : 'fill-layer'}
            />
          )
        })}
      </svg>
      {of} {words(values.at(-1) ?? 0)}
    </span>
  )
}
