import 'server-only'
import type { Transaction } from 'kysely'
import { publish } from '../live/hub.ts'
import type { Schema } from '../store/schema.ts'

/**
 * Ends every open share link that a user made, for a link lasts no longer than its maker's right to share. In the transaction
 * that takes the right away. @returns the links' ids, for `announceRevoked` after it.
 */
export async function revokeSharesOf(transaction: Transaction<Schema>, userId: string): Promise<string[]> {
  const nowMs = Date.now()
  const revoked = await transaction
    .updateTable('shares')
    .set({ revoked_at_ms: nowMs })
    .where('created_by_id', '=', userId)
    .where('revoked_at_ms', 'is', null)
    .where('expires_at_ms', '>', nowMs)
    .returning('id')
    .execute()
  return revoked.map(({ id }) => id)
}

/** Ends the links' open pages, and has the lists of links read again. */
export function announceRevoked(shareIds: readonly string[]): void {
  for (const shareId of shareIds) publish({ type: 'share', shareId })
}
