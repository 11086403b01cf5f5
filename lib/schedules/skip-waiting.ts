import 'server-only'
import type { Kysely } from 'kysely'
import type { Schema } from '../store/schema.ts'

/** Lets runs that wait not begin, those of a schedule or of a VM, in the transaction of what makes them needless; `note` says why, one sentence. */
export async function skipWaiting(
  transaction: Kysely<Schema>,
  of: { scheduleId: string } | { host: string; vmUuid: string },
  note: string,
): Promise<void> {
  const update = transaction
    .updateTable('schedule_runs')
    .set({ outcome: 'skipped', note })
    .where('outcome', '=', 'waiting')
  await (
    'scheduleId' in of
      ? update.where('schedule_id', '=', of.scheduleId)
      : update.where('host', '=', of.host).where('vm_uuid', '=', of.vmUuid)
  ).execute()
}
