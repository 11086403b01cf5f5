import { route } from '@/lib/access/route'
import { previewSchedule } from '@/lib/schedules/preview-schedule'
import { ScheduleInput } from '@/lib/schedules/schedule-input'

/** The next runs of `?input=…`, and what its retention would keep now; nothing is saved. */
export const GET = route('schedule.plan', async (request) => {
  const parsed = ScheduleInput.safeParse(parse(new URL(request.url).searchParams.get('input') ?? ''))
  if (!parsed.success)
    return Response.json(
      { message: parsed.error.issues[0]?.message ?? 'This is no schedule.' },
      { status: 400 },
    )
  return previewSchedule(parsed.data)
})

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}
