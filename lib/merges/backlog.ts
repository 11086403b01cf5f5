import type { BlockJobView } from '../hosts/types.ts'

/** A mirror that has gone over everything once and is still behind after this long does not come to its end by itself. */
const CATCH_UP_LIMIT_MS = 20_000

/** Tells a merge that still copies from one whose guest writes faster than it copies. */
export class Backlog {
  /** What there was to copy when the job was first seen. */
  #firstEndBytes: number | null = null
  #passedAtMs: number | null = null

  /** True once the job has copied as much as there was at first, long ago, and is still not in step. */
  fallsBehind(job: Pick<BlockJobView, 'type' | 'currentBytes' | 'endBytes'>, nowMs = Date.now()): boolean {
    if (job.type !== 'active-commit' || job.endBytes <= 1) return false
    this.#firstEndBytes ??= job.endBytes
    if (job.currentBytes < this.#firstEndBytes) return false
    this.#passedAtMs ??= nowMs
    return nowMs - this.#passedAtMs >= CATCH_UP_LIMIT_MS
  }
}
