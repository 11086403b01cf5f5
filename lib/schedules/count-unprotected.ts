import 'server-only'
import { store } from '../store/store.ts'

/** VMs that are not protected, or at risk, as it was told last: a minute old at most, and cheap enough for a page that everybody opens. */
export async function countUnprotected(): Promise<number> {
  const { count } = await store()
    .selectFrom('protection_states')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('state', '!=', 'protected')
    .executeTakeFirstOrThrow()
  return Number(count)
}
