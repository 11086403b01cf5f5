import 'server-only'
import type { Selectable } from 'kysely'
import type { Schema } from '../store/schema.ts'
import { store } from '../store/store.ts'
import { hashOfToken } from './share-token.ts'
import type { Share, ShareKind } from './types.ts'

const toShare = (row: Selectable<Schema['shares']>): Share => ({
  id: row.id,
  kind: row.kind as ShareKind,
  host: row.host,
  vmUuid: row.vm_uuid,
  snapshot:
    row.snapshot === null ? null : { name: row.snapshot, createdAtMs: row.snapshot_created_at_ms ?? 0 },
  jobId: row.job_id,
  showPaths: row.show_paths === 1,
  passwordHash: row.password_hash,
  expiresAtMs: row.expires_at_ms,
})

const working = () =>
  store()
    .selectFrom('shares')
    .selectAll()
    .where('revoked_at_ms', 'is', null)
    .where('expires_at_ms', '>', Date.now())

/** The share that a token opens, or null: unknown, expired, revoked and mistyped are one answer. */
export async function findShare(token: string): Promise<Share | null> {
  const row = await working().where('token_hash', '=', hashOfToken(token)).executeTakeFirst()
  return row ? toShare(row) : null
}

/** Does the share still work? */
export const isWorking = async (id: string): Promise<boolean> =>
  (await working().where('id', '=', id).executeTakeFirst()) !== undefined
