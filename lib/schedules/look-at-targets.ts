import 'server-only'
import { freeBytesOf } from '../backups/look-at-target.ts'
import { listTargets } from '../backups/targets.ts'
import { hostByName } from '../hosts/registry.ts'
import { isRefusal } from '../jobs/refusal.ts'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'
import { nowMs } from './clock.ts'

/** A target that nobody works with is looked after this often. */
const LOOK_EVERY_MS = 10 * 60_000

/** Looks at the targets that were not seen for some time, and notes whether they are there. */
export async function lookAtTargets(): Promise<void> {
  const looks = new Map((await store().selectFrom('backup_target_looks').selectAll().execute()).map((look) => [look.target_id, look.at_ms]))
  for (const target of await listTargets()) if (nowMs() - (looks.get(target.id) ?? 0) >= LOOK_EVERY_MS) await lookAtTarget(target.id)
}

/** Looks at one target now. A host that is away says nothing about it. */
export async function lookAtTarget(id: string): Promise<void> {
  const target = (await listTargets()).find((each) => each.id === id)
  const host = target && hostByName(target.host)
  if (!target || host?.connection.status.status !== 'up') return
  let problem: string | null = null
  try {
    await freeBytesOf(host, target)
  } catch (error) {
    if (!isRefusal(error)) return
    problem = error.message
  }
  const before = await store().selectFrom('backup_target_looks').select('problem').where('target_id', '=', id).executeTakeFirst()
  const look = { at_ms: nowMs(), problem }
  await store().insertInto('backup_target_looks').values({ target_id: id, ...look }).onConflict((conflict) => conflict.column('target_id').doUpdateSet(look)).execute()
  if ((before?.problem ?? null) !== problem) publish({ type: 'backups', host: target.host, vmUuid: null })
}
