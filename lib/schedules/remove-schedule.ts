import 'server-only'
import { z } from 'zod'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import { wakeSchedules } from './clock.ts'
import { requireSchedule } from './read-schedules.ts'
import { skipWaiting } from './skip-waiting.ts'

export const RemoveScheduleInput = z.object({ id: z.string() })

/** Removes a schedule. Its backups and the record of its runs stay; a backup that runs goes on. Throws Refusal. */
export async function removeSchedule({ id }: z.infer<typeof RemoveScheduleInput>): Promise<object> {
  const schedule = await requireSchedule(id)
  await store()
    .transaction()
    .execute(async (transaction) => {
      await transaction.deleteFrom('schedules').where('id', '=', id).execute()
      await skipWaiting(transaction, { scheduleId: id }, 'The schedule was removed before it began.')
    })
  publish({ type: 'backups', host: schedule.host, vmUuid: schedule.vmUuid })
  wakeSchedules()
  return {}
}
