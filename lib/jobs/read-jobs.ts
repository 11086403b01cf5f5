import 'server-only'
import { store } from '../store/store.ts'
import { toView, UNFINISHED } from './job-rows.ts'
import type { JobKind, JobView } from './types.ts'

/** Jobs, the newest first. */
export async function readJobs(filter: {
  host?: string
  vmUuid?: string
  unfinished?: boolean
  kinds?: readonly JobKind[]
  sinceMs?: number
  limit: number
}): Promise<JobView[]> {
  let query = store().selectFrom('jobs').selectAll().orderBy('created_at_ms', 'desc').limit(filter.limit)
  if (filter.host !== undefined) query = query.where('host', '=', filter.host)
  if (filter.kinds !== undefined) query = query.where('kind', 'in', [...filter.kinds])
  if (filter.sinceMs !== undefined) query = query.where('created_at_ms', '>=', filter.sinceMs)
  if (filter.vmUuid !== undefined) query = query.where('vm_uuid', '=', filter.vmUuid)
  if (filter.unfinished !== undefined)
    query = filter.unfinished
      ? query.where('status', 'in', [...UNFINISHED])
      : query.where('status', 'not in', [...UNFINISHED])
  return (await query.execute()).map(toView)
}

/** One job, or null. */
export async function readJob(id: string): Promise<JobView | null> {
  const row = await store().selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst()
  return row ? toView(row) : null
}
