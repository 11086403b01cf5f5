import 'server-only'
import { hostByName } from '../hosts/registry.ts'
import { isRefusal } from '../jobs/refusal.ts'
import { freeBytesOf } from './look-at-target.ts'
import { listTargets, type Target } from './targets.ts'

/** A target with what was last seen of it. */
export interface TargetState extends Target {
  /** On its file system; null when it can't be told. */
  freeBytes: number | null
  /** Why nothing can be written there now, one sentence; null when all is well. */
  problem: string | null
  /** When it was looked at, epoch ms; null: not yet. */
  seenAtMs: number | null
}

type Look = Pick<TargetState, 'freeBytes' | 'problem' | 'seenAtMs'>
interface Shared { keyframeTargetLooks?: Map<string, { last: Look | null; running: Promise<Look> | null }> }
const NOT_YET: Look = { freeBytes: null, problem: null, seenAtMs: null }
/** A look at a target starts a pool and reads its directory. */
const LOOK_ANEW_MS = 30_000

// Next evaluates this module up to three times in one process (DESIGN.md, section 8).
const shared = globalThis as Shared
const looks = () => (shared.keyframeTargetLooks ??= new Map())

async function look(target: Target): Promise<Look> {
  const host = hostByName(target.host)
  if (!host) return { freeBytes: null, problem: `The host ${target.host} is not configured any more.`, seenAtMs: Date.now() }
  try {
    return { freeBytes: await freeBytesOf(host, target), problem: null, seenAtMs: Date.now() }
  } catch (error) {
    const sentence = isRefusal(error) || (error instanceof Error && error.name === 'HostDown') ? error.message.replace(/ Nothing was written\.$/, '') : 'Keyframe could not look at it; its log tells more.'
    return { freeBytes: null, problem: sentence, seenAtMs: Date.now() }
  }
}

/** Looks now, once for all who ask meanwhile. */
function lookOnce(target: Target): Promise<Look> {
  const known = looks().get(target.id) ?? { last: null, running: null }
  looks().set(target.id, known)
  known.running ??= look(target).then((seen) => (known.last = seen)).finally(() => { known.running = null })
  return known.running
}

/**
 * The targets of a host, or of all, with free space and what is in the way. A page waits `waitMs` at most for what was not looked at within the last
 * half minute and shows what was seen before; `waitMs: Infinity` asks anew.
 */
export async function readTargetStates(host: string | undefined, waitMs: number): Promise<TargetState[]> {
  return Promise.all((await listTargets(host)).map(async (target) => {
    const last = looks().get(target.id)?.last ?? null
    if (last !== null && last.seenAtMs !== null && Date.now() - last.seenAtMs < LOOK_ANEW_MS && waitMs !== Infinity) return { ...target, ...last }
    const seen = lookOnce(target)
    if (waitMs === Infinity) return { ...target, ...(await seen) }
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<Look>((resolve) => { timer = setTimeout(() => resolve(last ?? NOT_YET), waitMs) })
    return { ...target, ...(await Promise.race([seen, late]).finally(() => clearTimeout(timer))) }
  }))
}
