import 'server-only'
import { store } from '../store/store.ts'

/** Failed sign-ins are counted over this time. */
const WINDOW_MS = 5 * 60_000
const FAILURES_PER_NAME = 5
/** Over all names: a guesser may change the name, and no address can be trusted (DESIGN.md, section 8). */
const FAILURES_OVERALL = 100

/** null = may try; else the minutes until one may again. */
export async function throttledMinutes(name: string): Promise<number | null> {
  const sinceMs = Date.now() - WINDOW_MS
  await store().deleteFrom('login_failures').where('at_ms', '<', sinceMs).execute()
  const failures = await store().selectFrom('login_failures').select(['name', 'at_ms']).orderBy('at_ms').execute()
  const ofName = failures.filter((failure) => failure.name === name)
  const first = ofName.length >= FAILURES_PER_NAME ? ofName[ofName.length - FAILURES_PER_NAME] : failures.length >= FAILURES_OVERALL ? failures[failures.length - FAILURES_OVERALL] : undefined
  if (!first) return null
  return Math.max(1, Math.ceil((first.at_ms + WINDOW_MS - Date.now()) / 60_000))
}

export async function recordFailure(name: string): Promise<void> {
  await store().insertInto('login_failures').values({ name, at_ms: Date.now() }).execute()
}

export async function forgetFailures(name: string): Promise<void> {
  await store().deleteFrom('login_failures').where('name', '=', name).execute()
}
