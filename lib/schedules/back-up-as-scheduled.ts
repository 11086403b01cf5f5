import 'server-only'
import { z } from 'zod'
import { requireSchedule } from './read-schedules.ts'
import { startAsScheduled } from './start-as-scheduled.ts'

export const BackUpAsScheduledInput = z.object({
  scheduleId: z.string(),
  vmUuid: z.string(),
  nonce: z.string().min(1),
})

/** Backs a VM up now, as its schedule would: what mends a run that failed. Throws what `startBackup` throws. */
export async function backUpAsScheduled(
  input: z.infer<typeof BackUpAsScheduledInput>,
  user: { name: string },
): Promise<{ jobId: string }> {
  const { jobId } = await startAsScheduled(
    await requireSchedule(input.scheduleId),
    input.vmUuid,
    input.nonce,
    user,
  )
  return { jobId }
}
