import 'server-only'
import { store } from '../store/store.ts'

/** Failed sign-ins are counted over this time. */
export const THROTTLE_WINDOW_MS = 5 * 60_000
const FAILURES_PER_NAME = 5
/** Over all names of one kind, users or share links: a guesser may change the name, and no address can be trusted (DESIGN.md, section 8). */
const FAILURES_OVERALL = 100
/** What is typed as a name may be a megabyte. */
const NAME_MAX_CHARACTERS = 200

/** Who guesses the passwords of links must not keep people from signing in, nor the other way round. */
type Kind = 'user' | 'share'
const prefixOf = (kind: Kind) => `${kind}:`
const counted = (kind: Kind, name: string) => prefixOf(kind) + name.slice(0, NAME_MAX_CHARACTERS)

/**
 * Counts this try as a failure, until `forgetFailures` says that it was none.
 * @returns null = may try; else the minutes until one may again.
 */
export async function countTry(kind: Kind, name: string): Promise<number | null> {
  const nowMs = Date.now()
  await store().deleteFrom('login_failures').where('at_ms', '<', nowMs - THROTTLE_WINDOW_MS).execute()
  // Written before the earlier ones are read: of many guesses sent at once each one sees those before it.
  const { id } = await store().insertInto('login_failures').values({ name: counted(kind, name), at_ms: nowMs }).returning('id').executeTakeFirstOrThrow()
  const earlier = (await store().selectFrom('login_failures').select(['name', 'at_ms']).where('id', '<', id).orderBy('id').execute()).filter((failure) => failure.name.startsWith(prefixOf(kind)))
  const ofName = earlier.filter((failure) => failure.name === counted(kind, name))
  const first = ofName.length >= FAILURES_PER_NAME ? ofName[ofName.length - FAILURES_PER_NAME] : earlier.length >= FAILURES_OVERALL ? earlier[earlier.length - FAILURES_OVERALL] : undefined
  if (!first) return null
  // A try that was not let through is no guess: who keeps trying must not wait for ever.
  await store().deleteFrom('login_failures').where('id', '=', id).execute()
  return Math.max(1, Math.ceil((first.at_ms + THROTTLE_WINDOW_MS - nowMs) / 60_000))
}

export async function forgetFailures(kind: Kind, name: string): Promise<void> {
  await store().deleteFrom('login_failures').where('name', '=', counted(kind, name)).execute()
}
