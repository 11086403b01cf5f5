import type { ReactNode } from 'react'
import type { Schedule } from '@/lib/schedules/types'
import { formatRate } from '@/components/format-bytes'

interface Props {
  schedule: Schedule
  /** When it runs. */
  words: string
  targetName: string
  /** Whose it is, where that is not plain. */
  of?: ReactNode
  /** Buttons: `id` is what describes them. */
  children?: (id: string) => ReactNode
}

/** A schedule in a list: when, where to, how, and what stays. */
export function ScheduleLine({ schedule, words, targetName, of, children }: Props) {
  const { last, daily, weekly, monthly } = schedule.retention
  const id = `schedule-${schedule.id}`
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-3 py-2.5 sm:px-4">
      <div id={id} className="min-w-0 flex-1 basis-64 break-names">
        <p>
          <span className="font-medium first-letter:uppercase">{words}</span> to {targetName}
          {!schedule.enabled && <span className="text-warn"> · off</span>}
        </p>
        <p className="text-[13px] text-muted">
          {schedule.method === 'copy'
            ? `snapshot, copy, merge${schedule.bandwidthBytesPerSecond > 0 ? ` at ${formatRate(schedule.bandwidthBytesPerSecond)} at most` : ''}`
            : `incremental, a full every ${schedule.fullEveryDays === 1 ? 'day' : `${schedule.fullEveryDays} days`}`}
          {schedule.quiesce !== 'auto' && ` · quiesce ${schedule.quiesce}`} · keeps the last {last}, {daily}{' '}
          daily, {weekly} weekly, {monthly} monthly
        </p>
        {of && <p className="text-[13px] text-muted">{of}</p>}
      </div>
      {children?.(id)}
    </li>
  )
}
