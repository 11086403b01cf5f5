import 'server-only'
import { publish } from '../live/hub.ts'
import { store } from '../store/store.ts'

/** Counts that a person opened the page of a share. */
export async function countOpening(shareId: string): Promise<void> {
  await store().updateTable('shares').set((set) => ({ opened_count: set('opened_count', '+', 1), last_opened_at_ms: Date.now() })).where('id', '=', shareId).execute()
  publish({ type: 'share', shareId })
}
