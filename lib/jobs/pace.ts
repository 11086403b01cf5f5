import 'server-only'
import { store } from '../store/store.ts'
import type { JobKind } from './types.ts'

/** A forecast rests on so many past jobs at most. */
const JOBS_MAXIMUM = 20

export interface Pace {
  /** How many past jobs it rests on. */
  jobs: number
  /** null while no job has copied anything. */
  bytesPerMs: number | null
  /** Of one job from its begin to its end; null while there is none. */
  medianMs: number | null
}

/** How fast jobs of these kinds went on this host. */
export async function readPace(host: string, kinds: readonly JobKind[]): Promise<Pace> {
  const rows = await store()
    .selectFrom('jobs')
    .select(['begun_at_ms', 'ended_at_ms', 'copied_bytes'])
    .where('host', '=', host)
    .where('kind', 'in', [...kinds])
    .where('status', '=', 'succeeded')
    .where('run', '=', 1)
    .where('begun_at_ms', 'is not', null)
    .where('ended_at_ms', 'is not', null)
    .orderBy('created_at_ms', 'desc')
    .limit(JOBS_MAXIMUM)
    .execute()
  const times = rows.map((row) => row.ended_at_ms! - row.begun_at_ms!).sort((a, b) => a - b)
  const copying = rows.filter((row) => (row.copied_bytes ?? 0) > 0)
  const bytes = copying.reduce((sum, row) => sum + row.copied_bytes!, 0)
  const ms = copying.reduce((sum, row) => sum + (row.ended_at_ms! - row.begun_at_ms!), 0)
  return {
    jobs: rows.length,
    bytesPerMs: bytes > 0 && ms > 0 ? bytes / ms : null,
    medianMs: times[Math.floor(times.length / 2)] ?? null,
  }
}
