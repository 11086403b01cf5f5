import 'server-only'
import { store } from '../store/store.ts'
import type { ShareKind, ShareSubject, ShareView } from './types.ts'

const SHOWN = 500

/** The links to one thing, or all of them, the newest first. */
export async function listShares(subject?: ShareSubject): Promise<ShareView[]> {
  let query = store()
    .selectFrom('shares')
    .leftJoin('users', 'users.id', 'shares.created_by_id')
    .selectAll('shares')
    .select('users.disabled as maker_disabled')
    .orderBy('shares.created_at_ms', 'desc')
    .limit(SHOWN)
  if (subject !== undefined) query = query.where('kind', '=', subject.kind)
  if (subject?.kind === 'job') query = query.where('job_id', '=', subject.jobId)
  else if (subject) query = query.where('host', '=', subject.host).where('vm_uuid', '=', subject.vm)
  if (subject?.kind === 'snapshot') query = query.where('snapshot', '=', subject.snapshot)
  const nowMs = Date.now()
  return (await query.execute()).map((row): ShareView => ({
    id: row.id,
    kind: row.kind as ShareKind,
    label: row.label,
    by: row.created_by,
    byDisabled: row.maker_disabled === 1,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    state: stateOf(row, nowMs),
    hasPassword: row.password_hash !== null,
    showPaths: row.show_paths === 1,
    openedCount: row.opened_count,
    lastOpenedAtMs: row.last_opened_at_ms,
  }))
}

function stateOf(
  share: { revoked_at_ms: number | null; expires_at_ms: number },
  nowMs: number,
): ShareView['state'] {
  if (share.revoked_at_ms !== null) return 'revoked'
  return share.expires_at_ms <= nowMs ? 'expired' : 'open'
}
