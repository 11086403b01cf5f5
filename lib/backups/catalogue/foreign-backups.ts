import 'server-only'
import { publish } from '../../live/hub.ts'
import { store } from '../../store/store.ts'
import type { HostDemand } from '../restore/confine-domain.ts'
import { groupDemands, type GroupedDemand } from './group-demands.ts'
import { readManifest, type Manifest } from './manifest.ts'

/** A backup that stands in a target and that this Keyframe did not write. Plain data; instants in epoch ms. */
export interface ForeignBackup {
  id: string
  vmUuid: string
  vmName: string
  /** Which host made it, by its own word. */
  madeOn: string
  createdAtMs: number
  kind: 'full' | 'increment'
  parentId: string | null
  bytes: number
  /** What its configuration asks of the host; null: it can't be read, so nobody can adopt it. */
  demands: HostDemand[] | null
}

const bytesOf = (manifest: Manifest) => manifest.files.reduce((sum, file) => sum + file.bytes, 0)

/** The foreign backups of a target, by VM and time. */
export async function listForeign(
  targetId: string,
): Promise<(ForeignBackup & { manifest: Manifest; text: string })[]> {
  const rows = await store()
    .selectFrom('foreign_backups')
    .selectAll()
    .where('target_id', '=', targetId)
    .execute()
  return rows
    .flatMap((row) => {
      const read = readManifest(row.manifest)
      if ('problem' in read) return []
      const { manifest } = read
      return [
        {
          id: row.id,
          vmUuid: manifest.vm.uuid,
          vmName: manifest.vm.name,
          madeOn: manifest.host,
          createdAtMs: Date.parse(manifest.createdAt),
          kind: manifest.kind,
          parentId: manifest.parent,
          bytes: bytesOf(manifest),
          demands: row.asks === null ? null : (JSON.parse(row.asks) as HostDemand[]),
          manifest,
          text: row.manifest,
        },
      ]
    })
    .sort(
      (a, b) =>
        a.vmName.localeCompare(b.vmName) || a.vmUuid.localeCompare(b.vmUuid) || a.createdAtMs - b.createdAtMs,
    )
}

/** The foreign backups of a target as an admin decides on them: by VM, and what they ask of the host, each demand once. */
export interface ForeignView {
  vms: {
    vmUuid: string
    vmName: string
    madeOn: string
    backups: { id: string; seal: string }[]
    bytes: number
    newestAtMs: number
    demandKeys: string[]
  }[]
  demands: GroupedDemand[]
  /** Ids of those that nobody can adopt. */
  unreadable: string[]
}

export async function viewForeign(targetId: string): Promise<ForeignView> {
  const all = await listForeign(targetId)
  const whole = all.filter((backup) => backup.demands !== null)
  const byVm = Map.groupBy(whole, (backup) => backup.vmUuid)
  return {
    vms: [...byVm].map(([vmUuid, backups]) => {
      const newest = backups.at(-1)!
      return {
        vmUuid,
        vmName: newest.vmName,
        madeOn: newest.madeOn,
        backups: backups.map((backup) => ({ id: backup.id, seal: backup.manifest.seal })),
        bytes: backups.reduce((sum, backup) => sum + backup.bytes, 0),
        newestAtMs: newest.createdAtMs,
        demandKeys: [
          ...new Set(backups.flatMap((backup) => (backup.demands ?? []).map((demand) => demand.key))),
        ],
      }
    }),
    demands: groupDemands(whole),
    unreadable: all.filter((backup) => backup.demands === null).map((backup) => backup.id),
  }
}

/** How many foreign backups stand in each target. */
export async function countForeign(): Promise<Map<string, number>> {
  const rows = await store()
    .selectFrom('foreign_backups')
    .select('target_id')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .groupBy('target_id')
    .execute()
  return new Map(rows.map((row) => [row.target_id, Number(row.count)]))
}

/** In which targets of a host backups of a VM stand that are foreign: their names, and how many. */
export async function foreignOfVm(
  host: string,
  vmUuid: string,
): Promise<{ targetName: string; count: number }[]> {
  const rows = await store()
    .selectFrom('foreign_backups')
    .innerJoin('backup_targets', 'backup_targets.id', 'foreign_backups.target_id')
    .select('backup_targets.name')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('backup_targets.host', '=', host)
    .where('foreign_backups.vm_uuid', '=', vmUuid)
    .groupBy('backup_targets.id')
    .orderBy('backup_targets.name')
    .execute()
  return rows.map((row) => ({ targetName: row.name, count: Number(row.count) }))
}

/** True when a backup of this id stands in the target and is foreign. */
export async function isForeign(targetId: string, id: string): Promise<boolean> {
  return (
    (await store()
      .selectFrom('foreign_backups')
      .select('id')
      .where('target_id', '=', targetId)
      .where('id', '=', id)
      .executeTakeFirst()) !== undefined
  )
}

/** Notes the foreign backups that were found in a target just now: those that are not among them are gone. */
export async function noteForeign(
  target: { id: string; host: string },
  found: readonly { id: string; vmUuid: string; text: string; demands: HostDemand[] | null }[],
): Promise<void> {
  await store()
    .transaction()
    .execute(async (transaction) => {
      await transaction.deleteFrom('foreign_backups').where('target_id', '=', target.id).execute()
      for (const { id, vmUuid, text, demands } of found)
        await transaction
          .insertInto('foreign_backups')
          .values({
            target_id: target.id,
            id,
            vm_uuid: vmUuid,
            manifest: text,
            asks: demands === null ? null : JSON.stringify(demands),
            found_at_ms: Date.now(),
          })
          .execute()
    })
  publish({ type: 'backups', host: target.host, vmUuid: null })
}
