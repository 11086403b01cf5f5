import { perProcess } from '../server/per-process.ts'
import type { JobKind } from './types.ts'

/**
 * An instant of a saga at which it can be interrupted:
 * before a step acts, after it acted and before that is recorded, after it is recorded, and when a wait begins.
 */
export interface Boundary {
  jobId: string
  kind: JobKind
  step: string
  at: 'before' | 'acted' | 'recorded' | 'waiting'
}

type Listener = (boundary: Boundary) => Promise<void>
const shared = perProcess<{ listener?: Listener }>('jobs/boundaries', () => ({}))

/** For the fault matrix (e2e/faults): the saga waits at every boundary until the listener's promise resolves. */
export function onBoundary(listener: Listener | null): void {
  if (listener) shared.listener = listener
  else delete shared.listener
}

/** Says that a saga is at a boundary. Nobody listens but the fault matrix. */
export async function reachBoundary(boundary: Boundary): Promise<void> {
  await shared.listener?.(boundary)
}
