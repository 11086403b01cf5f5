import 'server-only'
import type { Selectable } from 'kysely'
import type { Retention } from '../backups/retention/retention.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { Schema } from '../store/schema.ts'
import { store } from '../store/store.ts'
import type { Schedule, When } from './types.ts'

/** Who starts what a schedule starts: names of users hold no parentheses. */
export const SCHEDULE_USER = { name: '(schedule)' }

export function toSchedule(row: Selectable<Schema['schedules']>): Schedule {
  return {
    id: row.id,
    host: row.host,
    vmUuid: row.vm_uuid,
    vmName: row.vm_name,
    targetId: row.target_id,
    method: row.method as Schedule['method'],
    quiesce: row.quiesce as Schedule['quiesce'],
    bandwidthBytesPerSecond: row.bandwidth,
    fullEveryDays: row.full_every_days,
    when: JSON.parse(row.when) as When,
    timeZone: row.time_zone,
    jitterMinutes: row.jitter_minutes,
    retention: JSON.parse(row.retention) as Retention,
    recheckDays: row.recheck_days,
    enabled: row.enabled === 1,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
  }
}

/** Schedules, oldest first. With `vmUuid` those that cover this VM of `host`: its own, or where it has none the host's. */
export async function listSchedules(which: { host?: string; vmUuid?: string } = {}): Promise<Schedule[]> {
  let query = store().selectFrom('schedules').selectAll().orderBy('created_at_ms').orderBy('id')
  if (which.host !== undefined) query = query.where('host', '=', which.host)
  const all = (await query.execute()).map(toSchedule)
  return which.vmUuid === undefined ? all : coveringOf(all, which.vmUuid)
}

/** Of the schedules of a VM's host those that cover it. Pure. */
export function coveringOf(ofHost: readonly Schedule[], vmUuid: string): Schedule[] {
  const own = ofHost.filter((schedule) => schedule.vmUuid === vmUuid)
  return own.length > 0 ? own : ofHost.filter((schedule) => schedule.vmUuid === null)
}

export async function findSchedule(id: string): Promise<Schedule | null> {
  const row = await store().selectFrom('schedules').selectAll().where('id', '=', id).executeTakeFirst()
  return row ? toSchedule(row) : null
}

/** The schedule of this id. Throws Refusal when there is none. */
export async function requireSchedule(id: string): Promise<Schedule> {
  const schedule = await findSchedule(id)
  if (!schedule) throw new Refusal('There is no such schedule: it was removed meanwhile. Reload the page.')
  return schedule
}
