import 'server-only'
import type { Selectable, UpdateObject } from 'kysely'
import { publish } from '../live/hub.ts'
import type { Schema } from '../store/schema.ts'
import { store } from '../store/store.ts'
import { differencesIn } from './kept-differences.ts'
import type { JobKind, JobOffer, JobStatus, JobView } from './types.ts'

type JobRow = Selectable<Schema['jobs']>

export const UNFINISHED: readonly JobStatus[] = ['queued', 'running', 'waiting']

/** What a job keeps its limit under, bytes per second, where it can be changed while it runs. */
export const KEPT_LIMIT = 'limit'

/** Kinds whose input names one backup. */
const OF_A_BACKUP: ReadonlySet<string> = new Set<JobKind>([
  'backup',
  'backup-copy',
  'backup-check',
  'restore',
  'restore-in-place',
])

const backupIdOf = (row: Pick<JobRow, 'kind' | 'input'>): string | null =>
  OF_A_BACKUP.has(row.kind) ? ((JSON.parse(row.input) as { backupId?: string }).backupId ?? null) : null

/** A row as pages show it. */
export function toView(row: JobRow): JobView {
  return {
    id: row.id,
    kind: row.kind as JobKind,
    host: row.host,
    vmUuid: row.vm_uuid,
    vmName: row.vm_name,
    title: row.title,
    status: row.status as JobStatus,
    by: row.by,
    createdAtMs: row.created_at_ms,
    endedAtMs: row.ended_at_ms,
    percent: row.percent,
    note: row.note,
    result: row.result === null ? [] : (JSON.parse(row.result) as string[]),
    differences: row.status === 'succeeded' ? differencesIn(row) : [],
    error: row.error,
    canCancel: row.can_cancel === 1 && row.cancel_requested === 0,
    offers: JSON.parse(row.offers) as JobOffer[],
    backupId: backupIdOf(row),
    limitBytesPerSecond:
      row.ended_at_ms === null
        ? ((JSON.parse(row.kept) as Record<string, number | undefined>)[KEPT_LIMIT] ?? null)
        : null,
  }
}

/** Changes a job's row and tells every open page. What is as it was already is neither written nor told. */
export async function updateJob(id: string, change: UpdateObject<Schema, 'jobs'>): Promise<void> {
  const row = await store()
    .updateTable('jobs')
    .set(change)
    .where('id', '=', id)
    .where((where) =>
      where.or(
        Object.entries(change).map(([column, value]) => where(column as keyof JobRow, 'is not', value)),
      ),
    )
    .returningAll()
    .executeTakeFirst()
  if (row) publish({ type: 'job', job: toView(row) })
}
