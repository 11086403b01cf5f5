import 'server-only'
import { store } from '../store/store.ts'
import type { CheckStatus } from './catalogue.ts'

/** A backup without its manifest, for pages that show many. Instants in epoch ms. */
export interface BackupSummary {
  id: string
  targetId: string
  host: string
  vmUuid: string
  vmName: string
  kind: 'full' | 'increment'
  createdAtMs: number
  tookMs: number
  bytes: number
  check: CheckStatus
  checkedAtMs: number | null
}

/** The newest backups since an instant, the newest first. Manifests stay where they are: each may be long, and a thousand VMs have tens of thousands. */
export async function readBackupSummaries(which: { sinceMs: number; limit: number }): Promise<BackupSummary[]> {
  const query = store().selectFrom('backups').select(['id', 'target_id', 'host', 'vm_uuid', 'vm_name', 'kind', 'created_at_ms', 'took_ms', 'bytes', 'check_status', 'checked_at_ms']).orderBy('created_at_ms', 'desc').orderBy('id', 'desc').where('created_at_ms', '>=', which.sinceMs).limit(which.limit)
  return (await query.execute()).map((row) => ({
    id: row.id, targetId: row.target_id, host: row.host, vmUuid: row.vm_uuid, vmName: row.vm_name, kind: row.kind as BackupSummary['kind'], createdAtMs: row.created_at_ms, tookMs: row.took_ms, bytes: row.bytes,
    check: row.check_status as CheckStatus, checkedAtMs: row.checked_at_ms,
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
  const rows = await store().selectFrom('backups').select(['host', 'vm_uuid', 'vm_name']).select(({ fn }) => [fn.countAll<number>().as('count'), fn.max('created_at_ms').as('newest')]).groupBy(['host', 'vm_uuid']).orderBy('vm_name').execute()
  return rows.map((row) => ({ host: row.host, vmUuid: row.vm_uuid, vmName: row.vm_name, backups: Number(row.count), newestAtMs: Number(row.newest) }))
}
