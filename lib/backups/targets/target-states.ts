import 'server-only'
import { within } from '../../hosts/within.ts'
import { countForeign } from '../catalogue/foreign-backups.ts'
import { lastLookAt, lookAtTarget, type TargetLook } from './target-looks.ts'
import { listTargets, type Target } from './targets.ts'

/** A target with what was last seen of it. */
export type TargetState = Target &
  TargetLook & {
    /** Backups there that another Keyframe made. */
    foreign: number
  }

const NOT_YET: TargetLook = { freeBytes: null, problem: null, seenAtMs: null }
/** A look at a target starts a pool and reads its directory. */
const LOOK_ANEW_MS = 30_000

/**
 * The targets of a host, or of all, with free space and what is in the way. Who asks waits `waitMs` at most for a new look, and gets what was seen
 * before, with its age, when a target takes longer: a share that hangs must hold no page up. With `anew` each is looked at now.
 */
export async function readTargetStates(
  host: string | undefined,
  waitMs: number,
  { anew = false } = {},
): Promise<TargetState[]> {
  const foreign = await countForeign()
  return Promise.all(
    (await listTargets(host)).map(async (each) => {
      const target = { ...each, foreign: foreign.get(each.id) ?? 0 }
      const last = lastLookAt(target.id)
      if (!anew && last !== null && Date.now() - (last.seenAtMs ?? 0) < LOOK_ANEW_MS)
        return { ...target, ...last }
      return { ...target, ...(await within(lookAtTarget(target, Date.now()), waitMs, last ?? NOT_YET)) }
    }),
  )
}
