import 'server-only'
import { addressGroup } from '../access/address-group.ts'
import { publish } from '../live/hub.ts'
import { perProcess } from '../server/per-process.ts'
import { store } from '../store/store.ts'
import { OpeningPace } from './opening-pace.ts'

/** Of a browser that was counted for the link under whose path it lies. `__Secure-`: as the cookie of a password (unlock.ts). */
export const openedCookieName = (secure: boolean): string =>
  secure ? '__Secure-keyframe-share-opened' : 'keyframe-share-opened'

const PUBLISH_EVERY_MS = 1_000

const openings = perProcess('shares/count-opening', () => ({
  pace: new OpeningPace(),
  /** Shares of which a word goes out when its second is over. */
  publishing: new Map<string, { again: boolean }>(),
}))

/** Counts that a person opened the page of a share, in a browser that has not said so before; from one address so many an hour. */
export async function countOpening(shareId: string, address: string | null): Promise<void> {
  if (!openings.pace.take(`${shareId} ${addressGroup(address)}`, Date.now())) return
  await store()
    .updateTable('shares')
    .set((set) => ({ opened_count: set('opened_count', '+', 1), last_opened_at_ms: Date.now() }))
    .where('id', '=', shareId)
    .execute()
  publishSoon(shareId)
}

/** Each word has every operator's list of links, and every stream of the link, look again: at most one a second. */
function publishSoon(shareId: string): void {
  const { publishing } = openings
  const waiting = publishing.get(shareId)
  if (waiting) {
    waiting.again = true
    return
  }
  publish({ type: 'share', shareId })
  const state = { again: false }
  publishing.set(shareId, state)
  setTimeout(() => {
    publishing.delete(shareId)
    if (state.again) publishSoon(shareId)
  }, PUBLISH_EVERY_MS).unref()
}
