import 'server-only'
import { KEPT_LIMIT } from '../../jobs/job-rows.ts'
import type { SagaContext } from '../../jobs/saga.ts'

/** The limit of a job's copies, and of the reading that follows them, as it is now, bytes per second, 0 = none: that of its input until somebody changes it, for all disks that are yet to be copied. */
export async function followLimit(
  context: Pick<SagaContext<{ bandwidthBytesPerSecond: number }>, 'input' | 'kept' | 'keep'>,
): Promise<() => Promise<number>> {
  if ((await context.kept(KEPT_LIMIT)) === undefined)
    await context.keep(KEPT_LIMIT, context.input.bandwidthBytesPerSecond)
  return async () => Number(await context.kept(KEPT_LIMIT))
}

/** After all that: what is left of the job has no limit, and is not shown as if it had. */
export const endLimit = (context: Pick<SagaContext<unknown>, 'keep'>): Promise<void> =>
  context.keep(KEPT_LIMIT, null)

/** Name of the helper domain by which a job copies: the same after a crash. */
export const copyHelperName = (kind: 'copy' | 'restore', jobId: string): string =>
  `keyframe-${kind}-${jobId.slice(0, 8)}`
