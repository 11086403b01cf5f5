import 'server-only'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import type { HostDemand } from './confine-domain.ts'
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
export async function listForeign(targetId: string): Promise<(ForeignBackup & { manifest: Manifest; text: string })[]> {
  const rows = await store().selectFrom('foreign_backups').selectAll().where('target_id', '=', targetId).execute()
  return rows.flatMap((row) => {
    const read = readManifest(row.manifest)
    if ('problem' in read) return []
    const { manifest } = read
    return [{
      id: row.id, vmUuid: manifest.vm.uuid, vmName: manifest.vm.name, madeOn: manifest.host, createdAtMs: Date.parse(manifest.createdAt), kind: manifest.kind, parentId: manifest.parent, bytes: bytesOf(manifest),
      demands: row.asks === null ? null : (JSON.parse(row.asks) as HostDemand[]), manifest, text: row.manifest,
    }]
  }).sort((a, b) => a.vmName.localeCompare(b.vmName) || a.vmUuid.localeCompare(b.vmUuid) || a.createdAtMs - b.createdAtMs)
}

/** How many foreign backups stand in each target. */
export async function countForeign(): Promise<Map<string, number>> {
  const rows = await store().selectFrom('foreign_backups').select('target_id').select(({ fn }) => fn.countAll<number>().as('count')).groupBy('target_id').execute()
  return new Map(rows.map((row) => [row.target_id, Number(row.count)]))
}

/** True when a backup of this id stands in the target and is foreign. */
export async function isForeign(targetId: string, id: string): Promise<boolean> {
  return (await store().selectFrom('foreign_backups').select('id').where('target_id', '=', targetId).where('id', '=', id).executeTakeFirst()) !== undefined
}

/** Notes the foreign backups that were found in a target just now: those that are not among them are gone. */
export async function noteForeign(target: { id: string; host: string }, found: readonly { id: string; text: string; demands: HostDemand[] | null }[]): Promise<void> {
  await store().transaction().execute(async (transaction) => {
    await transaction.deleteFrom('foreign_backups').where('target_id', '=', target.id).execute()
    for (const { id, text, demands } of found) await transaction.insertInto('foreign_backups').values({ target_id: target.id, id, manifest: text, asks: demands === null ? null : JSON.stringify(demands), found_at_ms: Date.now() }).execute()
  })
  publish({ type: 'backups', host: target.host, vmUuid: null })
}
