import 'server-only'
import { z } from 'zod'
import { Refusal } from '../../jobs/refusal.ts'
import { publish } from '../../live/hub.ts'
import { store } from '../../store/store.ts'
import { noteBackup } from './catalogue.ts'
import { listForeign, type ForeignBackup } from './foreign-backups.ts'
import { groupDemands } from './group-demands.ts'
import { rememberCheckpoint } from '../push/own-checkpoints.ts'
import { signBackups } from './sign-backups.ts'
import { requireTarget } from '../targets/targets.ts'

export const AdoptInput = z.object({
  targetId: z.string(),
  /** Each with the seal of the manifest that the admin was shown. */
  backups: z.array(z.object({ id: z.string(), seal: z.string() })).min(1, 'Choose at least one backup.'),
  /** Keys of what they ask of the host, each ticked by the admin. */
  confirmed: z.array(z.string()),
})

const DAY_MS = 24 * 60 * 60_000

function isCircular(backup: ForeignBackup, chosen: readonly ForeignBackup[]): boolean {
  let next: ForeignBackup | undefined = backup
  for (let steps = 0; next !== undefined; steps++) {
    if (steps > chosen.length) return true
    next = chosen.find((each) => each.id === next!.parentId)
  }
  return false
}

/** Why these can't be adopted as they stand, a sentence; null when they can. Pure. */
export function adoptRefusal(
  chosen: readonly ForeignBackup[],
  known: readonly { id: string; vmUuid: string }[],
  confirmed: ReadonlySet<string>,
  nowMs: number,
): string | null {
  const unreadable = chosen.find((backup) => backup.demands === null)
  if (unreadable)
    return `The configuration of ${unreadable.id} can’t be read, or is not the one in its manifest. It can’t be adopted.`
  const missing = chosen.find(
    (backup) =>
      backup.parentId !== null &&
      !known.some(({ id }) => id === backup.parentId) &&
      !chosen.some((each) => each.id === backup.parentId),
  )
  if (missing) return `${missing.id} rests on ${missing.parentId}: adopt that one, too, or neither.`
  const strange = chosen.find((backup) =>
    [...known, ...chosen].some(({ id, vmUuid }) => id === backup.parentId && vmUuid !== backup.vmUuid),
  )
  if (strange) return `${strange.id} rests on a backup of another VM: it can’t be adopted.`
  const circular = chosen.find((backup) => isCircular(backup, chosen))
  if (circular) return `${circular.id} rests on itself, by way of others: it can’t be adopted.`
  const early = chosen.find((backup) => backup.createdAtMs > nowMs + DAY_MS)
  if (early)
    return `${early.id} says that it is of ${new Date(early.createdAtMs).toISOString()}, which is still to come. It would be taken for the newest: it can’t be adopted.`
  const open = groupDemands(chosen).find((demand) => !confirmed.has(demand.key))
  return open ? `Confirm what the backups ask of the host first. Not confirmed: ${open.sentence}` : null
}

/**
 * Takes foreign backups as this Keyframe's own: from then on they count, can be restored by operators, and are signed. Throws Refusal, where one
 * was changed since the admin looked, too; nothing is adopted then.
 */
export async function adoptBackups({
  targetId,
  backups,
  confirmed,
}: z.infer<typeof AdoptInput>): Promise<{ adopted: number }> {
  const target = await requireTarget(targetId)
  const foreign = await listForeign(targetId)
  const chosen = foreign.filter((backup) =>
    backups.some(({ id, seal }) => id === backup.id && seal === backup.manifest.seal),
  )
  const gone = backups.find(({ id }) => !chosen.some((backup) => backup.id === id))
  if (gone)
    throw new Refusal(
      `${gone.id} is no longer what you were shown: it is gone from ${target.name}, or was changed. Nothing was adopted. Reload the page.`,
    )
  const rows = await store()
    .selectFrom('backups')
    .select(['id', 'vm_uuid'])
    .where('target_id', '=', targetId)
    .execute()
  const known = rows.map((row) => ({ id: row.id, vmUuid: row.vm_uuid }))
  const refusal = adoptRefusal(chosen, known, new Set(confirmed), Date.now())
  if (refusal !== null) throw new Refusal(refusal)
  for (const { manifest, text, id } of chosen) {
    await noteBackup(target, manifest, text, null)
    if (manifest.checkpoint !== null)
      await rememberCheckpoint(target.host, manifest.vm.uuid, manifest.checkpoint)
    await store()
      .deleteFrom('foreign_backups')
      .where('target_id', '=', targetId)
      .where('id', '=', id)
      .execute()
  }
  await signBackups(target)
  publish({ type: 'backups', host: target.host, vmUuid: null })
  return { adopted: chosen.length }
}
