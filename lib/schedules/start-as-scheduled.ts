import 'server-only'
import { startBackup } from '../backups/start-backup.ts'
import { isRefusal } from '../jobs/refusal.ts'
import type { Schedule } from './types.ts'

/**
 * Starts the backup of a VM as its schedule makes it. A host's VMs differ: one with a disk that can't keep a record of what changed is copied
 * whole, and `note` says so in a sentence; else it is null. Throws what `startBackup` throws.
 */
export async function startAsScheduled(
  schedule: Schedule,
  vmUuid: string,
  nonce: string,
  user: { name: string },
): Promise<{ jobId: string; note: string | null }> {
  const input = {
    host: schedule.host,
    vm: vmUuid,
    targetId: schedule.targetId,
    method: schedule.method,
    disks: null,
    quiesce: schedule.quiesce,
    bandwidthBytesPerSecond: schedule.bandwidthBytesPerSecond,
    forceFull: false,
    fullEveryDays: schedule.fullEveryDays,
    nonce,
  }
  try {
    return { ...(await startBackup(input, user)), note: null }
  } catch (error) {
    if (schedule.vmUuid !== null || !isRefusal(error) || error.fields.method === undefined) throw error
    return {
      ...(await startBackup({ ...input, method: 'copy' }, user)),
      note: `Copied whole: ${error.fields.method}`,
    }
  }
}
