import 'server-only'
import { z } from 'zod'
import { startBackup } from '../backups/start-backup.ts'
import { inputOf } from './begin-runs.ts'
import { requireSchedule } from './read-schedules.ts'

export const BackUpAsScheduledInput = z.object({ scheduleId: z.string(), vmUuid: z.string(), nonce: z.string().min(1) })

/** Backs a VM up now, as its schedule would: what mends a run that failed. Throws what `startBackup` throws. */
export async function backUpAsScheduled(input: z.infer<typeof BackUpAsScheduledInput>, user: { name: string }): Promise<{ jobId: string }> {
  return startBackup(inputOf(await requireSchedule(input.scheduleId), input.vmUuid, input.nonce), user)
}
