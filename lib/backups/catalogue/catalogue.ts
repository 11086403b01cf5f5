import 'server-only'
import { posix } from 'node:path'
import type { Selectable } from 'kysely'
import { publish } from '../../live/hub.ts'
import type { Schema } from '../../store/schema.ts'
import { store } from '../../store/store.ts'
import { Refusal } from '../../jobs/refusal.ts'
import { byId, walkDown } from './chain-of.ts'
import { isForeign } from './foreign-backups.ts'
import { SIGNATURE_BYTES } from './sign-manifest.ts'
import { readManifest, type Manifest } from './manifest.ts'

export type CheckStatus = 'unchecked' | 'good' | 'damaged'

/** A backup as the catalogue knows it. Instants in epoch ms. */
export interface Backup {
  id: string
  targetId: string
  host: string
  vmUuid: string
  vmName: string
  method: 'checkpoint' | 'copy'
  kind: 'full' | 'increment'
  parentId: string | null
  createdAtMs: number
  tookMs: number
  bytes: number
  check: CheckStatus
  checkedAtMs: number | null
  /** What the check found, one sentence; null before it. */
  checkNote: string | null
  manifest: Manifest
}

/** null: an older Keyframe took a manifest that this one does not. It counts for nothing, and a rescan takes it out of the catalogue. */
function toBackup(row: Selectable<Schema['backups']>): Backup | null {
  const read = readManifest(row.manifest)
  if ('problem' in read) return null
  return {
    id: row.id,
    targetId: row.target_id,
    host: row.host,
    vmUuid: row.vm_uuid,
    vmName: row.vm_name,
    method: read.manifest.method,
    kind: read.manifest.kind,
    parentId: row.parent_id,
    createdAtMs: row.created_at_ms,
    tookMs: row.took_ms,
    bytes: row.bytes,
    check: row.check_status as CheckStatus,
    checkedAtMs: row.checked_at_ms,
    checkNote: row.check_note,
    manifest: read.manifest,
  }
}

/** Backups, oldest first. */
export async function listBackups(
  which: { targetId?: string; host?: string; vmUuid?: string } = {},
): Promise<Backup[]> {
  let query = store().selectFrom('backups').selectAll().orderBy('created_at_ms').orderBy('id')
  if (which.targetId !== undefined) query = query.where('target_id', '=', which.targetId)
  if (which.host !== undefined) query = query.where('host', '=', which.host)
  if (which.vmUuid !== undefined) query = query.where('vm_uuid', '=', which.vmUuid)
  return (await query.execute()).map(toBackup).filter((backup) => backup !== null)
}

export async function findBackup(targetId: string, id: string): Promise<Backup | null> {
  const row = await store()
    .selectFrom('backups')
    .selectAll()
    .where('target_id', '=', targetId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row ? toBackup(row) : null
}

const FOREIGN = 'It was made by another Keyframe, or changed, so nothing is done with it.'

/** A backup with all below it, the full first. Throws Refusal when one of them is not there. */
export async function requireChain(targetId: string, id: string): Promise<Backup[]> {
  const find = byId(await listBackups({ targetId }))
  const backup = find(id)
  if (!backup)
    throw new Refusal(
      (await isForeign(targetId, id))
        ? `${FOREIGN} An admin can adopt it on Backups.`
        : 'There is no such backup: it was removed meanwhile. Reload the page.',
    )
  const { links, broken } = walkDown(backup, find)
  if (broken === null) return links.reverse()
  if (broken.why === 'circle')
    throw new Refusal(`The backup ${id} rests on itself, by way of others: it can’t be read.`)
  throw new Refusal(
    (await isForeign(targetId, broken.id))
      ? `The backup ${id} rests on ${broken.id}. ${FOREIGN} An admin can adopt it on Backups.`
      : `The backup ${id} rests on ${broken.id}, which is not there any more: it can’t be read.`,
  )
}

/**
 * Notes what stands in a directory; the verdict of a check stays where the manifest is the same. Its host is the target's: the manifest's may be called
 * otherwise since, or be another machine whose backups were carried here. `signedWith`: id of the key that it is signed with there; null = not yet.
 */
export async function noteBackup(
  target: { id: string; host: string },
  manifest: Manifest,
  text: string,
  signedWith: string | null,
): Promise<void> {
  const before = await store()
    .selectFrom('backups')
    .select(['manifest', 'host'])
    .where('target_id', '=', target.id)
    .where('id', '=', manifest.id)
    .executeTakeFirst()
  // The same manifest in another spelling is the same: what a check found of it stays.
  const known = before === undefined ? null : readManifest(before.manifest)
  const isSame = known !== null && 'manifest' in known && known.manifest.seal === manifest.seal
  if (isSame && before?.host === target.host) return
  const values = {
    target_id: target.id,
    id: manifest.id,
    host: target.host,
    vm_uuid: manifest.vm.uuid,
    vm_name: manifest.vm.name,
    method: manifest.method,
    kind: manifest.kind,
    parent_id: manifest.parent,
    created_at_ms: Date.parse(manifest.createdAt),
    took_ms: manifest.tookMs,
    bytes: manifest.files.reduce((sum, file) => sum + file.bytes, Buffer.byteLength(text) + SIGNATURE_BYTES),
    manifest: text,
    check_status: 'unchecked',
    checked_at_ms: null,
    check_note: null,
    signed_with: signedWith,
  }
  await store()
    .insertInto('backups')
    .values(values)
    .onConflict((conflict) => conflict.columns(['target_id', 'id']).doUpdateSet(values))
    .execute()
  publish({ type: 'backups', host: values.host, vmUuid: values.vm_uuid })
}

/** Notes the verdict of a check. */
export async function noteCheck(
  targetId: string,
  id: string,
  status: CheckStatus,
  note: string,
): Promise<void> {
  const row = await store()
    .updateTable('backups')
    .set({ check_status: status, checked_at_ms: Date.now(), check_note: note })
    .where('target_id', '=', targetId)
    .where('id', '=', id)
    .returning(['host', 'vm_uuid'])
    .executeTakeFirst()
  if (row) publish({ type: 'backups', host: row.host, vmUuid: row.vm_uuid })
}

export async function forgetBackup(targetId: string, id: string): Promise<void> {
  const row = await store()
    .deleteFrom('backups')
    .where('target_id', '=', targetId)
    .where('id', '=', id)
    .returning(['host', 'vm_uuid'])
    .executeTakeFirst()
  if (row) publish({ type: 'backups', host: row.host, vmUuid: row.vm_uuid })
}

/** The directory of a backup. */
export const folderOf = (target: { path: string }, id: string): string => posix.join(target.path, id)
