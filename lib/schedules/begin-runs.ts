import 'server-only'
import { isUnreachable, sentenceOf } from '../hosts/unreachable.ts'
import { UNFINISHED } from '../jobs/job-rows.ts'
import { isRefusal } from '../jobs/refusal.ts'
import { store } from '../store/store.ts'
import { nowMs } from './clock.ts'
import { lookAtTarget } from './look-at-targets.ts'
import { toRun } from './read-runs.ts'
import { requireSchedule, SCHEDULE_USER } from './read-schedules.ts'
import { startAsScheduled } from './start-as-scheduled.ts'
import { updateRun } from './update-run.ts'
import type { ScheduleRun } from './types.ts'

/** Backups that schedules run on one host at once: a host's schedule must not stop all of its VMs' other work. */
const AT_ONCE_PER_HOST = 2

/** Starts the runs that wait, oldest first. What is refused is recorded with its sentence; a busy VM or a host that is away is waited for. */
export async function beginRuns(): Promise<void> {
  const rows = await store()
    .selectFrom('schedule_runs')
    .selectAll()
    .where('outcome', 'in', ['waiting', 'started'])
    .orderBy('due_at_ms')
    .orderBy('id')
    .execute()
  const running = new Map<string, number>()
  for (const row of rows)
    if (row.outcome === 'started') running.set(row.host, (running.get(row.host) ?? 0) + 1)
  for (const run of rows.filter((row) => row.outcome === 'waiting').map(toRun)) {
    if ((running.get(run.host) ?? 0) >= AT_ONCE_PER_HOST) continue
    if (await begin(run)) running.set(run.host, (running.get(run.host) ?? 0) + 1)
  }
}

/** True when a job runs for it now. */
async function begin(run: ScheduleRun): Promise<boolean> {
  // Started by a process that died before it could note that.
  const twin = await store().selectFrom('jobs').select('id').where('nonce', '=', run.id).executeTakeFirst()
  if (twin) return started(run, twin.id, null)
  const other = await store()
    .selectFrom('jobs')
    .select(['title', 'by'])
    .where('host', '=', run.host)
    .where('vm_uuid', '=', run.vmUuid)
    .where('kind', '!=', 'backup-check')
    .where('status', 'in', [...UNFINISHED])
    .executeTakeFirst()
  // Skipped since all were read: the ones before it took their time to begin.
  const now = await store()
    .selectFrom('schedule_runs')
    .select('outcome')
    .where('id', '=', run.id)
    .executeTakeFirst()
  if (now?.outcome !== 'waiting') return false
  if (other) return waits(run, `It waits for “${other.title}”, begun by ${other.by}.`)
  try {
    const { jobId, note } = await startAsScheduled(
      await requireSchedule(run.scheduleId),
      run.vmUuid,
      run.id,
      SCHEDULE_USER,
    )
    return await started(run, jobId, note)
  } catch (error) {
    if (isUnreachable(error)) return waits(run, `It waits for the host: ${(error as Error).message}`)
    const sentence = isRefusal(error) ? error.message : sentenceOf(error)
    if (sentence === null)
      process.stderr.write(
        `keyframe: the scheduled backup of ${run.vmName} could not be started: ${error instanceof Error ? error.stack : String(error)}\n`,
      )
    await updateRun(
      run,
      {
        outcome: 'failed',
        note:
          sentence ??
          'It could not be started, for a reason that Keyframe does not know. The log tells more.',
      },
      'waiting',
    )
    await lookAtTargetOf(run)
    return false
  }
}

async function started(run: ScheduleRun, jobId: string, note: string | null): Promise<true> {
  await updateRun(run, { outcome: 'started', started_at_ms: nowMs(), job_id: jobId, note })
  return true
}

async function waits(run: ScheduleRun, note: string): Promise<false> {
  if (run.note !== note) await updateRun(run, { note }, 'waiting')
  return false
}

/** The refusal may be the target's: whether it is there is known better now. */
async function lookAtTargetOf(run: ScheduleRun): Promise<void> {
  const row = await store()
    .selectFrom('schedules')
    .select('target_id')
    .where('id', '=', run.scheduleId)
    .executeTakeFirst()
  if (row) await lookAtTarget(row.target_id)
}
