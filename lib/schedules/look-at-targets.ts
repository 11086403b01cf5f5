import 'server-only'
import { signBackups } from '../backups/catalogue/sign-backups.ts'
import { lookAtTarget as look } from '../backups/targets/target-looks.ts'
import { listTargets } from '../backups/targets/targets.ts'
import { hostByName } from '../hosts/registry.ts'
import { store } from '../store/store.ts'
import { nowMs } from './clock.ts'

/** A target that nobody works with is looked after this often. */
const LOOK_EVERY_MS = 10 * 60_000
/** One that was away: its VMs are told as at risk for so long more after it is back. */
const LOOK_AGAIN_MS = 30_000

/** Looks at the targets that were not seen for some time, and notes whether they are there. */
export async function lookAtTargets(): Promise<void> {
  const looks = new Map(
    (await store().selectFrom('backup_target_looks').selectAll().execute()).map((each) => [
      each.target_id,
      each,
    ]),
  )
  for (const target of await listTargets())
    if (
      nowMs() - (looks.get(target.id)?.at_ms ?? 0) >=
      (looks.get(target.id)?.problem ? LOOK_AGAIN_MS : LOOK_EVERY_MS)
    )
      await lookAtTarget(target.id)
}

/** Looks at one target now. A host that is away says nothing about it. */
export async function lookAtTarget(id: string): Promise<void> {
  const target = (await listTargets()).find((each) => each.id === id)
  if (!target || hostByName(target.host)?.connection.status.status !== 'up') return
  const seen = await look(target, nowMs())
  // Those of an older Keyframe, and all after the key was changed.
  if (seen.problem === null) await signBackups(target)
}
