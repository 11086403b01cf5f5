import 'server-only'
import type { Updateable } from 'kysely'
import { publish } from '../live/hub.ts'
import type { Schema } from '../store/schema.ts'
import { store } from '../store/store.ts'
import type { RunOutcome } from './types.ts'

/** Changes a run's row and tells every open page. With `from` only while its outcome is that one: it may have been skipped meanwhile. */
export async function updateRun(
  run: { id: string; host: string; vmUuid: string },
  change: Updateable<Schema['schedule_runs']>,
  from?: RunOutcome,
): Promise<void> {
  let update = store().updateTable('schedule_runs').set(change).where('id', '=', run.id)
  if (from !== undefined) update = update.where('outcome', '=', from)
  await update.execute()
  publish({ type: 'backups', host: run.host, vmUuid: run.vmUuid })
}
