'use client'

import type { ScheduleInput } from '@/lib/schedules/schedule-input'
import { useGet } from '@/components/dialogs/use-get'
import { useSettled } from '@/components/dialogs/use-settled'
import { formatInZone } from '@/components/format-time'
import { schedulePreviewPath } from '@/components/paths'

/** The next runs, and what would be kept and dropped, while the form is filled in. */
export function SchedulePreviewView({ input }: { input: ScheduleInput }) {
  const { data, message } = useGet(useSettled(schedulePreviewPath(input)))
  const verdicts = data?.retention.flatMap((each) => each.verdicts) ?? []
  const dropped = verdicts.filter((verdict) => !verdict.keep)
  return (
    <section
      aria-label="Preview"
      className="flex min-h-40 flex-col gap-1.5 rounded-md border border-line px-3 py-2 text-sm"
    >
      {message !== null && (
        <p role="status" className="text-warn">
          {message}
        </p>
      )}
      {data && (
        <>
          <p className="font-medium">Runs {data.words}</p>
          <ol aria-label="Next runs" className="text-[13px] text-muted">
            {data.nextRuns.map(({ atMs }) => (
              <li key={atMs}>{formatInZone(atMs, input.timeZone)}</li>
            ))}
          </ol>
          {data.endsLeftOut !== null && (
            <p className="text-[13px] text-warn">
              It is left out of protection{data.endsLeftOut && ` (${data.endsLeftOut})`}: this ends that.
            </p>
          )}
          {data.beside.map((words, index) => (
            <p key={index} className="text-[13px] text-warn">
              Another schedule of this VM goes on beside it: {words}.
            </p>
          ))}
          <p className="text-[13px] text-muted">{keptSentence(verdicts.length, dropped.length)}</p>
          {dropped.length > 0 && (
            <ul className="list-disc pl-5 text-[13px] text-muted">
              {dropped.map((verdict) => (
                <li key={verdict.id} className="break-names">
                  {verdict.id}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  )
}

/** What the retention would do with the backups that stand there. */
function keptSentence(standing: number, dropped: number): string {
  if (standing === 0) return 'No backups of it stand there yet.'
  if (dropped > 0) return `Of ${standing} backups that stand there now, ${dropped} would go:`
  if (standing === 1) return 'The one backup that stands there now would be kept.'
  return `All ${standing} backups that stand there now would be kept.`
}
