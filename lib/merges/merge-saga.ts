import 'server-only'
import { requireVm } from '../hosts/find-vm.ts'
import { nameDone } from '../jobs/name-done.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { Saga } from '../jobs/saga.ts'
import { abortMerge } from './abort-merge.ts'
import { beginMerge } from './begin-merge.ts'
import { readDiskPaths } from './disk-paths.ts'
import type { Host } from '../hosts/host.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { flushPull } from './flush-pull.ts'
import { endPause, followMerge, isUnlimited, POLL_MS } from './follow-merge.ts'
import type { MergeContext, MergeJob } from './merge-job.ts'
import { hasBlockJob, isMerged } from './merged-chain.ts'
import { mergeDifferences } from './merge-differences.ts'
import { pivotMerge } from './pivot-merge.ts'
import { refuseChangedPlan } from '../plans/fingerprint.ts'
import type { PlannedMerge } from './plan-merge.ts'
import { readMergePlans } from './read-merge-plans.ts'
import { reconcileMerge } from './reconcile-merge.ts'
import type { Removal } from './remove-files.ts'
import { taintLayer } from '../situation/tainted-layers.ts'
import { unfinishedMerge } from './unfinished-merge.ts'

/** A plan that is older is made anew before the first step. */
const STALE_PLAN_MS = 2_000

/**
 * Merge layers of one or more disks, one disk after the other. First:
 * | check the plan | after a wait in the queue: plan anew and compare | (own record)                           |                                   |
 * Then per disk:
 * | check     | at a later try, and of every disk but the first: plan anew, refuse what would do more than was shown | it is merged, or has its job |  |
 * | step      | do                                              | done when                              | undo                              |
 * | remember  | record that the base is about to change         | (own record)                           | stays: the base may have changed  |
 * | begin     | blockCommit or blockRebase                      | the disk has a job, or the merged chain| blockJobAbort: the chain as it was|
 * | (copy)    | follow progress, limit, cancel, pause           | ready, or no job any more              |                                   |
 * | pivot     | blockJobAbort PIVOT (active commit only)        | the disk has the merged chain          | none: it is merged                |
 * | flush     | (pull) stop and let go on the guest; where the VM was lost, pull again | (own record) | none      |
 * | reconcile | snapshot metadata to what the layers now hold; remove files that nothing uses, end the record | (each change asks first) | none |
 * | compare   | chain, snapshots and files with the plan: what differs is said | (own record)                          | none |
 */
export const mergeSaga: Saga<MergeJob> = {
  kind: 'merge',
  version: '3',
  copies: true,
  takesOver: {
    1: (input) => olderPlans(input as MergeJob, { chainBefore: [] }),
    2: (input) => olderPlans(input as MergeJob, {}),
  },
  async run(context) {
    const result: string[] = []
    // After a wait in the queue; a retry finds the chain of its own first run, and each step asks for itself.
    if (context.run === 1 && context.waitedMs > STALE_PLAN_MS)
      await context.step('check the plan', { do: () => refuseOtherPlan(context.input) })
    if (context.run > 1) await context.step('check the chain', { do: () => refuseOtherChain(context.input) })
    for (const [index, plan] of context.input.plans.entries()) {
      // The disks before it may have taken hours, and a retry may come a week later.
      const targets = context.input.plans.slice(0, index).map(({ target }) => target)
      const done = index === 0 ? null : `${targets.join(', ')} ${index === 1 ? 'is' : 'are'} merged.`
      const lines = await nameDone(done, async () => {
        if (context.run > 1 || index > 0)
          await context.step(`check ${plan.target}`, { do: () => refuseOtherMerge(context.input, plan) })
        return mergeDisk(context, plan, index)
      })
      result.push(...lines)
    }
    await context.copied(context.input.plans.reduce((sum, plan) => sum + plan.bytesToCopy, 0))
    return result
  },
  async offerUndo(input) {
    const jobs = await runningTargets(input)
    return jobs.length === 0
      ? null
      : `Ends the block job of ${jobs.join(', ')}: the chain stays as it was, and the VM runs on.`
  },
  async undo(context) {
    const lines: string[] = []
    for (const plan of context.input.plans) {
      const { host } = await context.waitFor(
        `find ${plan.target}`,
        () => requireVm(context.input.host, context.input.vm),
        POLL_MS,
      )
      await context.step(`abort ${plan.target}`, {
        isDone: async () => ((await hasBlockJob(host, context.input.vm, plan.target)) ? null : true),
        do: (call) => abortMerge(host, context.input.vm, plan.target, call),
      })
      lines.push(
        (
          await context.waitFor(
            `look at ${plan.target}`,
            async () => ({ merged: await isMerged(context.input, plan) }),
            POLL_MS,
          )
        ).merged
          ? `${plan.target} is merged: that can’t be taken back.`
          : `The chain of ${plan.target} is as it was.`,
      )
    }
    return lines
  },
}

/** Plans of before templates were known: what they remove was shown and agreed to. */
const olderPlans = (input: MergeJob, missing: Partial<PlannedMerge>): MergeJob => ({
  ...input,
  plans: input.plans.map((plan) => ({
    ...plan,
    keptFiles: [],
    templates: [],
    removeTemplates: true,
    insist: null,
    rebased: [],
    ...missing,
  })),
})

/** Throws Refusal when what would be done now is not what was shown. */
async function refuseOtherPlan({ host, vm, plans }: MergeJob): Promise<true> {
  for (const shown of plans) {
    const now = (
      await readMergePlans(host, vm, {
        target: shown.target,
        topPath: shown.topPath,
        basePath: shown.basePath,
        removeTemplates: shown.removeTemplates,
      })
    ).find((option) => option.direction === shown.direction)
    refuseChangedPlan(shown.plan.fingerprint, now?.plan.fingerprint ?? '')
    if (now?.refusal) throw new Refusal(`${shown.target} can’t be merged. ${now.refusal}`)
  }
  return true
}

/** Throws Refusal when this disk's merge, not begun yet, would do more than was shown or can't be done any more. */
async function refuseOtherMerge(input: MergeJob, shown: PlannedMerge): Promise<true> {
  const { host } = await requireVm(input.host, input.vm)
  if ((await hasBlockJob(host, input.vm, shown.target)) || (await isMerged(input, shown))) return true
  const now = (
    await readMergePlans(input.host, input.vm, {
      target: shown.target,
      topPath: shown.topPath,
      basePath: shown.basePath,
      removeTemplates: shown.removeTemplates,
    })
  ).find((option) => option.direction === shown.direction)
  if (!now || now.refusal)
    throw new Refusal(
      `${shown.target} can’t be merged. ${now?.refusal ?? 'The VM has no such disk any more.'}`,
    )
  // That a base is now called a template is no news: the disk before may have taken away the snapshot that named it as this VM's own.
  const more = [
    ...now.removedFiles.filter((path) => !shown.removedFiles.includes(path)),
    ...now.lostSnapshots.filter((name) => !shown.lostSnapshots.includes(name)),
  ]
  if (more.length > 0)
    throw new Refusal(
      `The merge of ${shown.target} would now also concern ${more.join(', ')}, which the plan that was shown did not say. Look at a new plan first.`,
      { plan: 'changed' },
    )
  return true
}

/** Throws Refusal when a disk stands neither as before the merge nor as after it: then to begin again is another merge. */
async function refuseOtherChain(input: MergeJob): Promise<true> {
  for (const plan of input.plans) {
    const paths = await readDiskPaths(input.host, input.vm, plan.target)
    const before =
      plan.chainBefore.length === 0 ||
      paths.join('\n') === plan.chainBefore.map((layer) => layer.path).join('\n')
    if (!before && !(await isMerged(input, plan)))
      throw new Refusal(
        `The chain of ${plan.target} changed since this merge was planned. Nothing was done; plan it anew.`,
        { plan: 'changed' },
      )
  }
  return true
}

async function runningTargets(input: MergeJob): Promise<string[]> {
  const { host } = await requireVm(input.host, input.vm)
  const found = await Promise.all(
    input.plans.map(async ({ target }) => ((await hasBlockJob(host, input.vm, target)) ? [target] : [])),
  )
  return found.flat()
}

const idKey = (target: string) => `id of the VM that merges ${target}`

/** libvirt's id of the running VM is another one after a restart: whoever began the block job is remembered through all runs. */
async function keepId(context: MergeContext, host: Host, target: string): Promise<true> {
  const { id } = await (await host.connection.reader()).domainLookupByUUID(context.input.vm)
  await context.keep(idKey(target), id)
  return true
}

async function mergeDisk(context: MergeContext, plan: PlannedMerge, index: number): Promise<string[]> {
  const { input, jobId, step } = context
  const { target } = plan
  const { host } = await context.waitFor(`find ${target}`, () => requireVm(input.host, input.vm), POLL_MS)
  const merged = () => isMerged(input, plan)
  host.jobs.setOwner(input.vm, target, jobId)
  try {
    if (plan.direction === 'commit' && plan.basePath !== null) {
      const base = plan.basePath
      await step(`remember ${target}`, {
        isDone: async () => ((await merged()) ? true : null),
        do: async () => {
          await taintLayer({
            host: input.host,
            path: base,
            vmUuid: input.vm,
            topPath: plan.topPath,
            jobId,
            reason: `a merge into ${base} was begun and not finished, so it no longer holds what was frozen. Merge it to the end to tidy up`,
          })
          return true
        },
      })
    }
    await step(`begin ${target}`, {
      isDone: async () => {
        if (await hasBlockJob(host, input.vm, target)) return keepId(context, host, target)
        return (await merged()) ? true : null
      },
      do: async (call) => {
        await keepId(context, host, target)
        const limit = (await isUnlimited(context)) ? 0 : input.bandwidthBytesPerSecond
        return beginMerge(
          host,
          { ...input, bandwidthBytesPerSecond: limit },
          plan,
          context.run === 1 ? jobId : null,
          call,
        )
      },
    })
    host.changed(input.vm)
    await context.allowCancel(true)
    const end = await followMerge(context, host, plan, index)
    await context.allowCancel(false)
    if (end === 'ready')
      await step(`pivot ${target}`, {
        isDone: async () => ((await merged()) ? true : null),
        do: (call) => pivotMerge(host, input.vm, plan, merged, call),
      })
    await endPause(context, host, plan)
    const unfinished = await context.waitFor(
      `verify ${target}`,
      async () => ({ why: (await merged()) ? null : await unfinishedMerge(host, input.vm, plan) }),
      POLL_MS,
    )
    if (unfinished.why !== null) throw new Refusal(unfinished.why)
    if (plan.direction === 'pull')
      await step(`flush ${target}`, {
        do: async (call) =>
          flushPull(
            host,
            input.vm,
            plan,
            Number((await context.kept(idKey(target))) ?? -1),
            call,
            (percent) => context.progress(percent, `Pulling ${target} again: the VM was lost at its end`),
          ),
      })
    const removal = await step<Removal>(`reconcile ${target}`, {
      do: (call) => reconcileMerge(host, input, plan, call),
    })
    const differences = await step(`compare ${target}`, {
      do: async () =>
        mergeDifferences(withoutOthersLosses(plan, input), {
          paths: await readDiskPaths(input.host, input.vm, target),
          snapshots: await readNames(host, input.vm),
          removed: removal.removed,
        }),
    })
    await context.differ(differences)
    return describe(plan, removal)
  } finally {
    await endPause(context, host, plan)
    host.jobs.setOwner(input.vm, target, null)
    host.changed(input.vm)
  }
}

/** What another disk of the same job loses is no difference of this one. */
const withoutOthersLosses = (plan: PlannedMerge, { plans }: MergeJob): PlannedMerge => ({
  ...plan,
  keptSnapshots: plan.keptSnapshots.filter(
    (name) => !plans.some(({ lostSnapshots }) => lostSnapshots.includes(name)),
  ),
})

const readNames = async (host: Host, vm: string): Promise<string[]> =>
  (await readSnapshots(await host.connection.reader(), vm)).list.map(({ name }) => name)

function describe(plan: PlannedMerge, removal: Removal): string[] {
  const layers = plan.resultPaths.length
  return [
    `${plan.target} is merged: its chain has ${layers === 1 ? 'one layer' : `${layers} layers`} now.`,
    ...(removal.removed.length > 0 ? [`Removed: ${removal.removed.join(', ')}.`] : []),
    ...removal.kept,
    ...plan.keptFiles.map(({ path, reason }) => `${path} stays: ${reason}.`),
    ...(plan.lostSnapshots.length > 0 ? [`No longer restore points: ${plan.lostSnapshots.join(', ')}.`] : []),
  ]
}
