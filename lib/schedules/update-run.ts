import 'server-only'
import type { Updateable } from 'kysely'
import { publish } from '../live/hub.ts'
import type { Schema } from '../store/schema.ts'
import { store } from '../store/store.ts'

/** Changes a run's row and tells every open page. */
export async function updateRun(run: { id: string; host: string; vmUuid: string }, change: Updateable<Schema['schedule_runs']>): Promise<void> {
  await store().updateTable('schedule_runs').set(change).where('id', '=', run.id).execute()
  publish({ type: 'backups', host: run.host, vmUuid: run.vmUuid })
}
