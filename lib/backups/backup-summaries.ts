import 'server-only'
import type { Selectable } from 'kysely'
import type { Schema } from '../store/schema.ts'
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

const COLUMNS = ['id', 'target_id', 'host', 'vm_uuid', 'vm_name', 'kind', 'parent_id', 'created_at_ms', 'took_ms', 'bytes', 'check_status', 'checked_at_ms'] as const

const toSummary = (row: Pick<Selectable<Schema['backups']>, (typeof COLUMNS)[number]>): BackupSummary => ({
  id: row.id, targetId: row.target_id, host: row.host, vmUuid: row.vm_uuid, vmName: row.vm_name, kind: row.kind as BackupSummary['kind'], createdAtMs: row.created_at_ms, tookMs: row.took_ms, bytes: row.bytes,
  check: row.check_status as CheckStatus, checkedAtMs: row.checked_at_ms,
})

/** The newest backups since an instant, the newest first. Manifests stay where they are: each may be long, and a thousand VMs have tens of thousands. */
export async function readBackupSummaries(which: { sinceMs: number; limit: number }): Promise<BackupSummary[]> {
  const rows = await store().selectFrom('backups').select(COLUMNS).where('created_at_ms', '>=', which.sinceMs).orderBy('created_at_ms', 'desc').orderBy('id', 'desc').limit(which.limit).execute()
  return rows.map(toSummary)
}

/** The newest backups of a VM, the newest first, without manifests; `isFaulty`: one on which it rests, or itself, is damaged or gone, so that it can't be restored. */
export async function readVmSummaries(which: { host: string; vmUuid: string; limit: number }): Promise<(BackupSummary & { isFaulty: boolean })[]> {
  const rows = await store().selectFrom('backups').select(COLUMNS).where('host', '=', which.host).where('vm_uuid', '=', which.vmUuid).orderBy('created_at_ms', 'desc').orderBy('id', 'desc').execute()
  const known = new Map(rows.map((row) => [`${row.target_id} ${row.id}`, row]))
  const isFaulty = (row: (typeof rows)[number], steps = 0): boolean => {
    if (row.check_status === 'damaged' || steps > rows.length) return true
    if (row.parent_id === null) return false
    const parent = known.get(`${row.target_id} ${row.parent_id}`)
    return parent === undefined || isFaulty(parent, steps + 1)
  }
  return rows.slice(0, which.limit).map((row) => ({ ...toSummary(row), isFaulty: isFaulty(row) }))
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
