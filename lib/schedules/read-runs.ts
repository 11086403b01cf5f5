import 'server-only'
import type { Selectable } from 'kysely'
import type { Schema } from '../store/schema.ts'
import { store } from '../store/store.ts'
import type { RunOutcome, ScheduleRun } from './types.ts'

export function toRun(row: Selectable<Schema['schedule_runs']>): ScheduleRun {
  return {
    id: row.id,
    scheduleId: row.schedule_id,
    host: row.host,
    vmUuid: row.vm_uuid,
    vmName: row.vm_name,
    dueAtMs: row.due_at_ms,
    startedAtMs: row.started_at_ms,
    jobId: row.job_id,
    outcome: row.outcome as RunOutcome,
    note: row.note,
  }
}

/** Runs of schedules, the newest first. */
export async function listRuns(which: {
  scheduleId?: string
  host?: string
  vmUuid?: string
  limit: number
}): Promise<ScheduleRun[]> {
  let query = store()
    .selectFrom('schedule_runs')
    .selectAll()
    .orderBy('due_at_ms', 'desc')
    .orderBy('id')
    .limit(which.limit)
  if (which.scheduleId !== undefined) query = query.where('schedule_id', '=', which.scheduleId)
  if (which.host !== undefined) query = query.where('host', '=', which.host)
  if (which.vmUuid !== undefined) query = query.where('vm_uuid', '=', which.vmUuid)
  return (await query.execute()).map(toRun)
}
