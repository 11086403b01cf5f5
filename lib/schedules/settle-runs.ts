import 'server-only'
import { previewRetention, startRemoveBackups } from '../backups/retention/start-remove.ts'
import { isUnreachable } from '../hosts/unreachable.ts'
import { UNFINISHED } from '../jobs/job-rows.ts'
import { isRefusal } from '../jobs/refusal.ts'
import { store } from '../store/store.ts'
import { isLeftOut } from './left-out.ts'
import { toRun } from './read-runs.ts'
import { findSchedule, SCHEDULE_USER } from './read-schedules.ts'
import type { ScheduleRun } from './types.ts'
import { updateRun } from './update-run.ts'

/** Notes how the jobs of runs ended, whichever process saw their end. */
export async function settleRuns(): Promise<void> {
  const rows = await store()
    .selectFrom('schedule_runs')
    .innerJoin('jobs', 'jobs.id', 'schedule_runs.job_id')
    .selectAll('schedule_runs')
    .select(['jobs.status as job_status', 'jobs.error as job_error', 'jobs.ended_at_ms as job_ended'])
    .where('schedule_runs.outcome', '=', 'started')
    .where('jobs.ended_at_ms', 'is not', null)
    .execute()
  for (const row of rows) {
    if (row.job_status === 'succeeded') await updateRun(toRun(row), { outcome: 'done' })
    else await updateRun(toRun(row), { outcome: 'failed', note: row.job_error ?? 'It was cancelled.' })
  }
}

/**
 * After each good run: what its schedule's retention drops is given to a job, once nothing else works with this VM's backups, its check
 * included. A refusal (the target is away, or full of readers) leaves it to the next look.
 */
export async function tidyAfterRuns(): Promise<void> {
  const rows = await store()
    .selectFrom('schedule_runs')
    .selectAll()
    .where('outcome', '=', 'done')
    .where('tidied', '=', 0)
    .orderBy('due_at_ms', 'desc')
    .execute()
  const seen = new Set<string>()
  for (const run of rows.map(toRun)) {
    const key = `${run.scheduleId}:${run.vmUuid}`
    // The newest run speaks for those before it.
    if (seen.has(key) || (await tidy(run)))
      await store().updateTable('schedule_runs').set({ tidied: 1 }).where('id', '=', run.id).execute()
    seen.add(key)
  }
}

async function tidy(run: ScheduleRun): Promise<boolean> {
  const schedule = await findSchedule(run.scheduleId)
  if (!schedule || (schedule.vmUuid === null && (await isLeftOut(run.host, run.vmUuid)))) return true
  const busy = await store()
    .selectFrom('jobs')
    .select('id')
    .where('host', '=', run.host)
    .where('vm_uuid', '=', run.vmUuid)
    .where('status', 'in', [...UNFINISHED])
    .executeTakeFirst()
  const made = await store()
    .selectFrom('backups')
    .innerJoin('jobs', (join) => join.onRef('backups.vm_uuid', '=', 'jobs.vm_uuid'))
    .select(['backups.id', 'backups.check_status', 'jobs.input'])
    .where('jobs.id', '=', run.jobId)
    .where('backups.target_id', '=', schedule.targetId)
    .execute()
  const own = made.find(
    (backup) => (JSON.parse(backup.input) as { backupId?: string }).backupId === backup.id,
  )
  // Unchecked, it must not push out one that is known to be good; what keeps it from being checked is told by the VM's protection.
  if (busy || own?.check_status === 'unchecked') return false
  const dropped = (
    await previewRetention(schedule.targetId, run.vmUuid, schedule.retention, schedule.timeZone)
  ).filter((verdict) => !verdict.keep)
  if (dropped.length === 0) return true
  try {
    await startRemoveBackups(
      {
        targetId: schedule.targetId,
        vmUuid: run.vmUuid,
        backupIds: dropped.map((verdict) => verdict.id),
        insist: null,
        nonce: `retention:${run.id}`,
      },
      SCHEDULE_USER,
    )
    return true
  } catch (error) {
    if (isRefusal(error) || isUnreachable(error)) return false
    throw error
  }
}
