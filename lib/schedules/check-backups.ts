import 'server-only'
import { startCheck } from '../backups/check/start-check.ts'
import { hosts } from '../hosts/registry.ts'
import { isUnreachable } from '../hosts/unreachable.ts'
import { UNFINISHED } from '../jobs/job-rows.ts'
import { isRefusal } from '../jobs/refusal.ts'
import { store } from '../store/store.ts'
import { chooseCheck } from './choose-check.ts'
import { nowMs } from './clock.ts'
import { lookAtTarget } from './look-at-targets.ts'
import { listSchedules, SCHEDULE_USER } from './read-schedules.ts'

/** A check that ended without a verdict, cancelled or for want of its target, is not begun again before. */
const AGAIN_AFTER_MS = 60 * 60_000

/** Starts the check that is due on each host: one at a time there, for they share its reading pace. */
export async function checkBackups(): Promise<void> {
  const schedules = await listSchedules()
  const looks = await store()
    .selectFrom('backup_target_looks')
    .selectAll()
    .where('problem', 'is not', null)
    .execute()
  const away = new Set(looks.map((look) => look.target_id))
  for (const host of hosts().values()) {
    if (host.connection.status.status !== 'up') continue
    const jobs = await store()
      .selectFrom('jobs')
      .select(['status', 'input', 'created_at_ms'])
      .where('host', '=', host.name)
      .where('kind', '=', 'backup-check')
      .where((where) =>
        where.or([
          where('status', 'in', [...UNFINISHED]),
          where('created_at_ms', '>', Date.now() - AGAIN_AFTER_MS),
        ]),
      )
      .execute()
    if (jobs.some((job) => (UNFINISHED as readonly string[]).includes(job.status))) continue
    const vain = new Set(
      jobs
        .filter((job) => job.status !== 'succeeded')
        .map((job) => (JSON.parse(job.input) as { backupId: string }).backupId),
    )
    const rows = await store()
      .selectFrom('backups')
      .select(['id', 'target_id', 'host', 'vm_uuid', 'created_at_ms', 'check_status', 'checked_at_ms'])
      .where('host', '=', host.name)
      .execute()
    const backups = rows
      .filter((row) => !away.has(row.target_id) && !vain.has(row.id))
      .map((row) => ({
        id: row.id,
        targetId: row.target_id,
        host: row.host,
        vmUuid: row.vm_uuid,
        createdAtMs: row.created_at_ms,
        check: row.check_status as 'unchecked' | 'good' | 'damaged',
        checkedAtMs: row.checked_at_ms,
      }))
    const next = chooseCheck(backups, schedules, nowMs())
    if (!next) continue
    try {
      await startCheck(
        { targetId: next.targetId, backupId: next.id, nonce: `check:${next.targetId}:${next.id}:${nowMs()}` },
        SCHEDULE_USER,
      )
    } catch (error) {
      if (!isRefusal(error) && !isUnreachable(error)) throw error
      // Away, it is passed over from the next look on.
      await lookAtTarget(next.targetId)
    }
  }
}
