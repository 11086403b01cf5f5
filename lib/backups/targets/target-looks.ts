import 'server-only'
import { hostByName } from '../../hosts/registry.ts'
import { isRefusal } from '../../jobs/refusal.ts'
import { publish } from '../../live/hub.ts'
import { perProcess } from '../../server/per-process.ts'
import { store } from '../../store/store.ts'
import { freeBytesOf } from './look-at-target.ts'
import type { Target } from './targets.ts'

/** What was seen of a target. */
export interface TargetLook {
  /** On its file system; null when it can't be told. */
  freeBytes: number | null
  /** Why nothing can be written there now, one sentence; null when all is well. */
  problem: string | null
  /** When it was looked at, epoch ms; null: not yet. */
  seenAtMs: number | null
}

interface Known {
  last: TargetLook | null
  running: Promise<TargetLook> | null
}
const looks = perProcess('backups/targets/target-looks', () => new Map<string, Known>())

/** What was seen last, in this process. */
export const lastLookAt = (targetId: string): TargetLook | null => looks.get(targetId)?.last ?? null

/**
 * Looks at a target now, once for all who ask meanwhile: pages, forms and schedules. Whether it is there is noted for the judgement of protection
 * (`backup_target_looks`), by the clock of whoever asks; a host that is away says nothing about it.
 */
export function lookAtTarget(target: Target, nowMs: number): Promise<TargetLook> {
  const known = looks.get(target.id) ?? { last: null, running: null }
  looks.set(target.id, known)
  known.running ??= look(target, nowMs)
    .then((seen) => (known.last = seen))
    .finally(() => {
      known.running = null
    })
  return known.running
}

async function look(target: Target, nowMs: number): Promise<TargetLook> {
  const host = hostByName(target.host)
  const seen = (problem: string | null, freeBytes: number | null = null): TargetLook => ({
    freeBytes,
    problem,
    seenAtMs: Date.now(),
  })
  if (!host) return seen(`The host ${target.host} is not configured any more.`)
  try {
    const freeBytes = await freeBytesOf(host, target)
    await note(target, null, nowMs)
    return seen(null, freeBytes)
  } catch (error) {
    if (isRefusal(error)) {
      // Nobody wanted to write.
      const problem = error.message.replace(/ Nothing was written\.$/, '')
      if (host.connection.status.status === 'up') await note(target, problem, nowMs)
      return seen(problem)
    }
    return seen(
      error instanceof Error && error.name === 'HostDown'
        ? error.message
        : 'Keyframe could not look at it; its log tells more.',
    )
  }
}

async function note(target: Target, problem: string | null, atMs: number): Promise<void> {
  const before = await store()
    .selectFrom('backup_target_looks')
    .select('problem')
    .where('target_id', '=', target.id)
    .executeTakeFirst()
  const values = { at_ms: atMs, problem }
  await store()
    .insertInto('backup_target_looks')
    .values({ target_id: target.id, ...values })
    .onConflict((conflict) => conflict.column('target_id').doUpdateSet(values))
    .execute()
  if ((before?.problem ?? null) !== problem) publish({ type: 'backups', host: target.host, vmUuid: null })
}
