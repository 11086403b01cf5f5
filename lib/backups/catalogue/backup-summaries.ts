import 'server-only'
import type { Selectable } from 'kysely'
import type { Schema } from '../../store/schema.ts'
import { store } from '../../store/store.ts'
import { chainOf } from './chain-of.ts'
import type { CheckStatus } from './catalogue.ts'

/** A backup without its manifest, for pages that show many. Instants in epoch ms. */
export interface BackupSummary {
  id: string
  targetId: string
  host: string
  vmUuid: string
  vmName: string
  kind: 'full' | 'increment'
  parentId: string | null
  createdAtMs: number
  tookMs: number
  bytes: number
  check: CheckStatus
  checkedAtMs: number | null
}

const COLUMNS = [
  'id',
  'target_id',
  'host',
  'vm_uuid',
  'vm_name',
  'kind',
  'parent_id',
  'created_at_ms',
  'took_ms',
  'bytes',
  'check_status',
  'checked_at_ms',
] as const

const toSummary = (row: Pick<Selectable<Schema['backups']>, (typeof COLUMNS)[number]>): BackupSummary => ({
  id: row.id,
  targetId: row.target_id,
  host: row.host,
  vmUuid: row.vm_uuid,
  vmName: row.vm_name,
  kind: row.kind as BackupSummary['kind'],
  parentId: row.parent_id,
  createdAtMs: row.created_at_ms,
  tookMs: row.took_ms,
  bytes: row.bytes,
  check: row.check_status as CheckStatus,
  checkedAtMs: row.checked_at_ms,
})

/** The newest backups since an instant, the newest first. Manifests stay where they are: each may be long, and a thousand VMs have tens of thousands. */
export async function readBackupSummaries(which: {
  sinceMs: number
  limit: number
}): Promise<BackupSummary[]> {
  const rows = await store()
    .selectFrom('backups')
    .select(COLUMNS)
    .where('created_at_ms', '>=', which.sinceMs)
    .orderBy('created_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(which.limit)
    .execute()
  return rows.map(toSummary)
}

/** The newest backups of a VM, the newest first, without manifests; `isFaulty`: one on which it rests, or itself, is damaged or gone, so that it can't be restored. */
export async function readVmSummaries(which: {
  host: string
  vmUuid: string
  limit: number
}): Promise<(BackupSummary & { isFaulty: boolean })[]> {
  const rows = await store()
    .selectFrom('backups')
    .select(COLUMNS)
    .where('host', '=', which.host)
    .where('vm_uuid', '=', which.vmUuid)
    .orderBy('created_at_ms', 'desc')
    .orderBy('id', 'desc')
    .execute()
  const all = rows.map(toSummary)
  return all.slice(0, which.limit).map((backup) => ({
    ...backup,
    isFaulty: chainOf(all, backup)?.every((each) => each.check !== 'damaged') !== true,
  }))
}

/** VMs with backups, as they were called last. */
export interface BackedUpVm {
  host: string
  vmUuid: string
  vmName: string
  backups: number
  newestAtMs: number
}

/** Every VM that has backups, by name. */
export async function readBackedUpVms(): Promise<BackedUpVm[]> {
  // With max() SQLite takes the other columns from the row that holds it.
  const rows = await store()
    .selectFrom('backups')
    .select(['host', 'vm_uuid', 'vm_name'])
    .select(({ fn }) => [fn.countAll<number>().as('count'), fn.max('created_at_ms').as('newest')])
    .groupBy(['host', 'vm_uuid'])
    .orderBy('vm_name')
    .execute()
  return rows.map((row) => ({
    host: row.host,
    vmUuid: row.vm_uuid,
    vmName: row.vm_name,
    backups: Number(row.count),
    newestAtMs: Number(row.newest),
  }))
}
