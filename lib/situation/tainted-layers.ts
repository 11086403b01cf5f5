import 'server-only'
import { store } from '../store/store.ts'

export interface TaintedLayer {
  path: string
  reason: string
  /** Snapshots taken before this instant can't rely on the layer. */
  sinceMs: number
  /** Uppermost layers of the merges into it that were begun; null among them where one is not known. */
  topPaths: (string | null)[]
}

export interface Taint {
  host: string
  path: string
  vmUuid: string
  reason: string
  jobId: string
  /** The uppermost layer of the merge: only one that reaches as far finishes it. null where it is not known. */
  topPath: string | null
  /** Default: now. */
  sinceMs?: number
}

/**
 * Remembers durably that a merge into this layer was begun: from its first byte on the restore points that the layer
 * holds are gone, whether the merge ends well, fails or is cancelled (lib/hosts/LIBVIRT.md, “Merges”), and libvirt marks nothing.
 */
export async function taintLayer({
  host,
  path,
  vmUuid,
  reason,
  jobId,
  topPath,
  sinceMs = Date.now(),
}: Taint): Promise<void> {
  await store()
    .insertInto('tainted_layers')
    .values({ host, path, vm_uuid: vmUuid, reason, since_ms: sinceMs, job_id: jobId, top_path: topPath })
    .onConflict((conflict) => conflict.columns(['host', 'path', 'job_id']).doUpdateSet({ since_ms: sinceMs }))
    .execute()
}

/** The merge into this layer is finished and its snapshots are reconciled. With a job's id: only that job's record goes. */
export async function clearTaint(host: string, path: string, jobId?: string): Promise<void> {
  let query = store().deleteFrom('tainted_layers').where('host', '=', host).where('path', '=', path)
  if (jobId !== undefined) query = query.where('job_id', '=', jobId)
  await query.execute()
}

/** By path; of several records of a layer the newest. */
export async function readTaintedLayers(host: string): Promise<Map<string, TaintedLayer>> {
  const rows = await store()
    .selectFrom('tainted_layers')
    .selectAll()
    .where('host', '=', host)
    .orderBy('since_ms')
    .execute()
  return new Map(
    rows.map((row) => [
      row.path,
      {
        path: row.path,
        reason: row.reason,
        sinceMs: row.since_ms,
        topPaths: rows.filter((each) => each.path === row.path).map((each) => each.top_path),
      },
    ]),
  )
}
