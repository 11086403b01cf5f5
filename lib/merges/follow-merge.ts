import 'server-only'
import { randomUUID } from 'node:crypto'
import { isLibvirtError } from 'node-libvirt'
import { requireVm } from '../hosts/find-vm.ts'
import { guardFreeze } from '../hosts/freeze-guard.ts'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import type { BlockJobView } from '../hosts/types.ts'
import { VmHung } from '../hosts/vm-inspection.ts'
import { JobCancelled, JobStopped } from '../jobs/saga.ts'
import { notLogged, type LogCall } from '../jobs/step-log.ts'
import type { JobOffer } from '../jobs/types.ts'
import { abortMerge } from './abort-merge.ts'
import { Backlog } from './backlog.ts'
import type { MergeContext } from './merge-job.ts'
import { pauseGuest, resumeGuest } from './pause-guest.ts'
import type { PlannedMerge } from './plan-merge.ts'
import { unprovenNow } from './unfinished-merge.ts'

export const POLL_MS = 500
/** A guest is paused for so long at most; then it goes on, whether that was enough or not. */
const PAUSE_LIMIT_MS = 60_000
/** The guard comes after us. */
const GUARD_SLACK_MS = 10_000

/** ready: only the pivot is missing; gone: there is no block job any more. */
type MergeEnd = 'ready' | 'gone'

/** Kept for a run: the disks that come after have no limit either. */
const unlimitedKey = (context: MergeContext) => `no limit in run ${context.run}`
export const isUnlimited = async (context: MergeContext): Promise<boolean> =>
  (await context.kept(unlimitedKey(context))) === true

/** Kept for a run: a person chose to pause the guest for this disk. */
const pauseKey = (context: MergeContext, plan: PlannedMerge) =>
  `pause for ${plan.target} in run ${context.run}`

const pausedKey = (plan: PlannedMerge) => `paused for ${plan.target}`

/** Follows a running merge to the end of its copying, with the guest paused for it when a person said so. Throws JobCancelled and JobStopped. */
export async function followMerge(
  context: MergeContext,
  host: Host,
  plan: PlannedMerge,
  index: number,
): Promise<MergeEnd> {
  const backlog = new Backlog()
  const jobNow = watchedJob(context, host, plan)
  const paused = (await context.kept(pauseKey(context, plan))) === true
  const end = paused
    ? 'pause'
    : await context.waitFor(`copy ${plan.target}`, () => look(context, host, plan, index, backlog, jobNow))
  await context.offer([])
  if (end !== 'pause') return end
  await context.keep(pauseKey(context, plan), true)
  await context.step(`pause the guest for ${plan.target}`, {
    do: (call) => pauseGuarded(context, host, plan, call),
  })
  await context.progress(
    null,
    `The guest is paused, for ${PAUSE_LIMIT_MS / 1000} s at most, until ${plan.target} has caught up`,
  )
  const untilMs = Date.now() + PAUSE_LIMIT_MS
  const caughtUp = await context.waitFor(`catch up ${plan.target}`, async () => {
    const job = await jobNow()
    if (job === undefined) return 'gone'
    if (job?.ready) return 'ready'
    return Date.now() > untilMs ? 'late' : null
  })
  if (caughtUp !== 'late') return caughtUp
  throw new JobStopped(
    `${plan.target} had not caught up after the guest was paused for ${PAUSE_LIMIT_MS / 1000} s, so the guest was let go on. The merge is still copying; take its bandwidth limit away, or wait for a calmer hour.`,
    waysOut(plan),
  )
}

/** Releases of the guard, by job and disk; of this process alone, for the guard of another has its own deadline. */
const guarded = new Map<string, () => void>()

async function pauseGuarded(
  context: MergeContext,
  host: Host,
  plan: PlannedMerge,
  call: LogCall,
): Promise<true> {
  const { vm } = await requireVm(context.input.host, context.input.vm)
  // One that somebody else has paused is not ours to let go on.
  if (vm.state !== 'running') return true
  guarded.set(
    `${context.jobId}/${plan.target}`,
    await guardFreeze({
      key: randomUUID(),
      act: 'resume',
      uri: host.connection.uri,
      uuid: vm.uuid,
      deadlineMs: Date.now() + PAUSE_LIMIT_MS + GUARD_SLACK_MS,
    }),
  )
  await context.keep(pausedKey(plan), true)
  return pauseGuest(host, vm.uuid, call)
}

/** Lets the guest go on that was paused for this disk; whatever came of the merge. */
export async function endPause(context: MergeContext, host: Host, plan: PlannedMerge): Promise<void> {
  // By us, in any run; a guest that somebody else had paused stays so.
  if ((await context.kept(pausedKey(plan))) !== true) return
  await context.step(`let the guest go on after ${plan.target}`, {
    do: (call) => resumeGuest(host, context.input.vm, call),
  })
  await context.keep(pausedKey(plan), false)
  guarded.get(`${context.jobId}/${plan.target}`)?.()
  guarded.delete(`${context.jobId}/${plan.target}`)
}

/** Of a merge that stopped while its block job goes on. */
export const waysOut = (plan: PlannedMerge): JobOffer[] => [
  { act: 'resume', sentence: `Follows the merge of ${plan.target} again and pivots when it is ready.` },
  {
    act: 'undo',
    sentence: `Ends the block job of ${plan.target}: the chain stays as it was, and the VM runs on.${unprovenNow(plan)}`,
  },
]

/** The disk's job: at first now, then at each look of the watch. null: QEMU does not answer just now; undefined: no job. */
function watchedJob(
  context: MergeContext,
  host: Host,
  plan: PlannedMerge,
): () => Promise<BlockJobView | null | undefined> {
  const { input } = context
  let vm: KnownVm | null = null
  return async () => {
    try {
      let jobs: readonly BlockJobView[]
      if (vm === null) {
        vm = (await requireVm(input.host, input.vm)).vm
        jobs = await host.jobs.fresh(vm)
      } else jobs = await host.jobs.next(input.vm)
      const job = jobs.find((each) => each.target === plan.target)
      // A VM that was removed has no job either: that is not the end of a merge.
      if (!job) await requireVm(input.host, input.vm)
      return job
    } catch (error) {
      if (!(error instanceof VmHung) || vm === null) throw error
      await context.progress(null, `QEMU of ${vm.name} does not answer; waiting for it.`)
      return null
    }
  }
}

/** One look at a running merge: null while it goes on. */
async function look(
  context: MergeContext,
  host: Host,
  plan: PlannedMerge,
  index: number,
  backlog: Backlog,
  jobNow: () => Promise<BlockJobView | null | undefined>,
): Promise<MergeEnd | 'pause' | null> {
  const { input } = context
  if (await context.cancelRequested()) {
    await abortMerge(host, input.vm, plan.target, notLogged)
    throw new JobCancelled(
      `Cancelled. The chain of ${plan.target} is as it was and the VM runs on.${unprovenNow(plan)}`,
    )
  }
  const job = await jobNow()
  if (job === null) return null
  if (job === undefined) return 'gone'
  if (job.ready) return 'ready'
  const request = await context.takeRequest()
  if (request === 'pause') return 'pause'
  if (request === 'unlimit') {
    await context.keep(unlimitedKey(context), true)
    await context.step('take the limit away', { do: () => unlimit(host, input.vm, plan.target) })
  }
  const whole = job.percent === null ? null : Math.floor((index * 100 + job.percent) / input.plans.length)
  if (backlog.fallsBehind(job)) {
    await context.offer([
      {
        act: 'pause',
        sentence: `Pauses the guest until ${plan.target} has caught up, ${PAUSE_LIMIT_MS / 1000} s at most, then pivots and lets it go on.`,
      },
      ...(job.bandwidthBytesPerSecond > 0
        ? [{ act: 'unlimit', sentence: 'Takes the bandwidth limit of the merge away.' } as const]
        : []),
    ])
    await context.progress(
      whole,
      `The guest writes to ${plan.target} faster than the merge copies. It goes on, but may not come to its end by itself`,
    )
  } else {
    await context.progress(whole, `Merging ${plan.target}`)
  }
  return null
}

async function unlimit(host: Host, uuid: string, target: string): Promise<true> {
  await host.connection.operate(async (connect) => {
    // It may be ready by now; then there is nothing to limit.
    await (await connect.domainLookupByUUID(uuid)).blockJobSetSpeed(target, 0).catch((error: unknown) => {
      if (!isLibvirtError(error)) throw error
    })
  })
  return true
}
