import 'server-only'
import { store } from '../../store/store.ts'
import { Refusal } from '../../jobs/refusal.ts'

/** A directory of a hypervisor that backups go to. */
export interface Target {
  id: string
  host: string
  name: string
  path: string
  /** null = no limit but the file system's. */
  quotaBytes: number | null
  /** Of all backups there, by the catalogue. */
  usedBytes: number
  backups: number
}

/** The targets of a host, by name; of all hosts when none is named. */
export async function listTargets(host?: string): Promise<Target[]> {
  let query = store()
    .selectFrom('backup_targets')
    .leftJoin('backups', 'backups.target_id', 'backup_targets.id')
    .select([
      'backup_targets.id',
      'backup_targets.host',
      'backup_targets.name',
      'backup_targets.path',
      'backup_targets.quota_bytes',
    ])
    .select(({ fn }) => [
      fn.sum<number | null>('backups.bytes').as('used'),
      fn.count<number>('backups.id').as('count'),
    ])
    .groupBy('backup_targets.id')
    .orderBy('backup_targets.host')
    .orderBy('backup_targets.name')
  if (host !== undefined) query = query.where('backup_targets.host', '=', host)
  return (await query.execute()).map((row) => ({
    id: row.id,
    host: row.host,
    name: row.name,
    path: row.path,
    quotaBytes: row.quota_bytes,
    usedBytes: Number(row.used ?? 0),
    backups: Number(row.count),
  }))
}

/** The target of this id. Throws Refusal when there is none. */
export async function requireTarget(id: string): Promise<Target> {
  const target = (await listTargets()).find((each) => each.id === id)
  if (!target) throw new Refusal('There is no such backup target: it was removed meanwhile. Reload the page.')
  return target
}

/** A lock of all backups of one VM in one target: readers get along with each other, a removal with nobody. */
export const backupsLock = (target: { path: string }, vmUuid: string): string =>
  `the backups of VM ${vmUuid} in ${target.path}`
