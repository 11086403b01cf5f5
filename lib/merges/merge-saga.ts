import 'server-only'
import { posix } from 'node:path'
import { isLibvirtError, VIR_DOMAIN_BLOCK_COMMIT_ACTIVE, VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES, VIR_DOMAIN_BLOCK_COMMIT_RELATIVE, VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT, VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES, VIR_ERR_BLOCK_COPY_ACTIVE, type Domain } from 'node-libvirt'
import { explainLock } from '../hosts/busy.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { VmHung } from '../hosts/vm-inspection.ts'
import { isRefusal, Refusal } from '../jobs/refusal.ts'
import { JobCancelled, type Saga, type SagaContext } from '../jobs/saga.ts'
import { readDiskPaths } from './disk-paths.ts'
import type { PlannedMerge } from './plan-merge.ts'
import { forgetSnapshots, moveSnapshots } from './reconcile-snapshots.ts'
import { removeUnusedFiles, type Removal } from './remove-files.ts'
import { clearTaint, taintLayer } from './tainted-layers.ts'

export interface MergeJob {
  host: string
  vm: string
  plans: PlannedMerge[]
  bandwidthBytesPerSecond: number
}

const POLL_MS = 500
/** A mirror can fall behind again between "ready" and the pivot: tries of half a second each. */
const PIVOT_TRIES = 60

type Context = SagaContext<MergeJob>
type End = 'ready' | 'gone'

/**
 * Merge layers of one or more disks, one disk after the other. Per disk:
 * | step      | do                                              | done when                                  |
 * | remember  | record that the base is about to change         | (own record)                               |
 * | begin     | blockCommit or blockRebase                      | the disk has a job, or the merged chain    |
 * | (wait)    | follow progress, limit, cancel                  | ready, or no job any more                  |
 * | pivot     | blockJobAbort PIVOT (active commit only)        | the disk has the merged chain              |
 * | reconcile | snapshot metadata to what the layers now hold   | (each change asks first)                   |
 * | clean up  | remove files that nothing uses, end the record  | (each removal asks first)                  |
 */
export const mergeSaga: Saga<MergeJob> = {
  kind: 'merge',
  version: '1',
  async run(context) {
    const result: string[] = []
    for (const [index, plan] of context.input.plans.entries()) result.push(...(await mergeDisk(context, plan, index)))
    return result
  },
}

async function mergeDisk(context: Context, plan: PlannedMerge, index: number): Promise<string[]> {
  const { input, jobId, step } = context
  const { target } = plan
  const { host } = await context.waitFor(`find ${target}`, () => requireVm(input.host, input.vm), POLL_MS)
  const merged = async () => same(await readDiskPaths(input.host, input.vm, target), plan.resultPaths)
  host.jobs.setOwner(input.vm, target, jobId)
  try {
    if (plan.direction === 'commit' && plan.basePath !== null) {
      const base = plan.basePath
      await step(`remember ${target}`, { do: async () => { await taintLayer(input.host, base, input.vm, `a merge into ${base} was begun and not finished, so it no longer holds what was frozen. Merge it to the end to tidy up`, jobId); return true } })
    }
    await step(`begin ${target}`, { isDone: async () => ((await hasJob(host, input.vm, target)) || (await merged()) ? true : null), do: () => begin(host, input, plan, jobId) })
    host.changed(input.vm)
    await context.allowCancel(true)
    const end = await context.waitFor(`copy ${target}`, () => follow(context, host, plan, index), POLL_MS)
    await context.allowCancel(false)
    if (end === 'ready') await step(`pivot ${target}`, { isDone: async () => ((await merged()) ? true : null), do: () => pivot(host, input.vm, target, merged) })
    if (!(await context.waitFor(`verify ${target}`, async () => ({ done: await merged() }), POLL_MS)).done) throw new Refusal(await unfinished(host, input.vm, plan))
    const removal = await step<Removal>(`reconcile ${target}`, { do: () => reconcile(host, input, plan) })
    return describe(plan, removal)
  } finally {
    host.jobs.setOwner(input.vm, target, null)
    host.changed(input.vm)
  }
}

const same = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((path, index) => path === b[index])

const hasJob = (host: Host, uuid: string, target: string) => host.inspection.inspect(uuid, async (domain) => (await domain.getBlockJobInfo(target)) !== null)

async function begin(host: Host, { vm: uuid, bandwidthBytesPerSecond }: MergeJob, plan: PlannedMerge, jobId: string): Promise<true> {
  const { vm } = await requireVm(host.name, uuid)
  const paths = await readDiskPaths(host.name, uuid, plan.target)
  const isActive = paths.at(-1) === plan.topPath
  if (!paths.includes(plan.topPath) || (plan.basePath !== null && !paths.includes(plan.basePath))) throw new Refusal(`The chain of ${plan.target} changed since the plan was made. Nothing was done; look at it and plan again.`)
  try {
    await host.connection.operate(async (connect) => {
      const domain = await connect.domainLookupByUUID(uuid)
      if (plan.direction === 'pull') return domain.blockRebase(plan.target, plan.basePath, bandwidthBytesPerSecond, VIR_DOMAIN_BLOCK_REBASE_BANDWIDTH_BYTES)
      const above = isActive ? undefined : paths[paths.indexOf(plan.topPath) + 1]
      const flags = [VIR_DOMAIN_BLOCK_COMMIT_BANDWIDTH_BYTES, ...(isActive ? [VIR_DOMAIN_BLOCK_COMMIT_ACTIVE] : []), ...(above && (await isRelative(host, above)) ? [VIR_DOMAIN_BLOCK_COMMIT_RELATIVE] : [])]
      return domain.blockCommit(plan.target, plan.basePath, isActive ? null : plan.topPath, bandwidthBytesPerSecond, flags)
    })
  } catch (error) {
    if (!isLibvirtError(error)) throw error
    // libvirt refused before the first byte; an older record of this layer stays true.
    if (plan.basePath !== null && plan.direction === 'commit') await clearTaint(host.name, plan.basePath, jobId)
    const locked = explainLock(error, vm.name)
    if (isRefusal(locked)) throw locked
    throw new Refusal(`The merge of ${plan.target} was not begun: ${error.message}`)
  }
  return true
}

/** The layer above a committed one names it; a relative name is kept relative. */
async function isRelative(host: Host, path: string): Promise<boolean> {
  const reading = await host.files.read(path)
  return reading.kind === 'found' && reading.backing !== null && !/^(\/|[a-z][a-z0-9+.-]*:)/i.test(reading.backing.name)
}

/** One look at a running merge: null while it goes on. */
async function follow(context: Context, host: Host, plan: PlannedMerge, index: number): Promise<End | null> {
  const { input } = context
  if (await context.cancelRequested()) await cancel(host, input, plan)
  const { vm } = await requireVm(input.host, input.vm)
  if (!vm.running) return 'gone'
  try {
    await host.jobs.poll(vm)
  } catch (error) {
    if (!(error instanceof VmHung)) throw error
    await context.progress(null, `QEMU of ${vm.name} does not answer; waiting for it.`)
    return null
  }
  const job = host.jobs.jobsOf(vm.uuid).find((each) => each.target === plan.target)
  if (!job) return 'gone'
  if (job.ready) return 'ready'
  const whole = job.percent === null ? null : Math.floor((index * 100 + job.percent) / input.plans.length)
  await context.progress(whole, `Merging ${plan.target}`)
  return null
}

async function pivot(host: Host, uuid: string, target: string, merged: () => Promise<boolean>): Promise<true> {
  await host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByUUID(uuid)
    for (let tries = 1; ; tries++) {
      try {
        return await domain.blockJobAbort(target, VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)
      } catch (error) {
        if (!isLibvirtError(error)) throw error
        if (await merged()) return
        if (error.code !== VIR_ERR_BLOCK_COPY_ACTIVE) throw new Refusal(`The merge of ${target} is copied but libvirt refused the pivot: ${error.message}. The VM goes on with its chain as it was.`)
        if (tries >= PIVOT_TRIES) throw new Refusal(`The merge of ${target} does not come to its end: the guest writes faster than the merge copies. Take the bandwidth limit away, or pause the VM for a moment, then merge again.`)
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    }
  })
  return true
}

async function cancel(host: Host, input: MergeJob, plan: PlannedMerge): Promise<never> {
  await host.connection.operate(async (connect) => {
    const domain: Domain = await connect.domainLookupByUUID(input.vm)
    await domain.blockJobAbort(plan.target).catch((error: unknown) => { if (!isLibvirtError(error)) throw error })
  })
  host.changed(input.vm)
  throw new JobCancelled(`Cancelled. The chain of ${plan.target} is as it was and the VM runs on.${unprovenNow(plan)}`)
}

/** What a commit that did not end well has cost, though the VM itself is whole. */
function unprovenNow(plan: PlannedMerge): string {
  if (plan.direction === 'pull' || plan.lostSnapshots.length === 0) return ''
  return ` The merge had already changed ${plan.basePath}: ${plan.lostSnapshots.join(', ')} can’t be reverted to any more. Merge again to the end to tidy up.`
}

async function unfinished(host: Host, uuid: string, plan: PlannedMerge): Promise<string> {
  const { vm } = await requireVm(host.name, uuid)
  const receiver = plan.direction === 'commit' ? plan.basePath : plan.topPath
  const freeBytes = receiver === null ? null : await host.files.freeBytes(posix.dirname(receiver))
  const cause = !vm.running ? `${vm.name} stopped (${vm.state}) in the middle of it` : freeBytes !== null && freeBytes < 1024 * 1024 ? `the file system of ${receiver} is full` : 'QEMU ended it before its end, or someone cancelled it'
  return `The merge of ${plan.target} was not finished: ${cause}. The chain is as it was, nothing of the VM’s data is lost.${unprovenNow(plan)}`
}

async function reconcile(host: Host, input: MergeJob, plan: PlannedMerge): Promise<Removal> {
  await host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByUUID(input.vm)
    await forgetSnapshots(domain, plan.lostSnapshots)
    if (plan.basePath !== null && plan.movedSnapshots.length > 0) {
      const reading = await host.files.read(plan.basePath, 0)
      const { vm } = await requireVm(host.name, input.vm)
      const format = vm.description?.disks.find((disk) => disk.target === plan.target)?.layers.find((layer) => layer.path === plan.basePath)?.format ?? (reading.kind === 'found' ? reading.detectedFormat : 'qcow2')
      await moveSnapshots(domain, plan.movedSnapshots, { target: plan.target, fromPath: plan.topPath, toPath: plan.basePath, toFormat: format })
    }
  })
  const removal = await removeUnusedFiles(host, plan.removedFiles)
  if (plan.direction === 'commit' && plan.basePath !== null) await clearTaint(input.host, plan.basePath)
  return removal
}

function describe(plan: PlannedMerge, removal: Removal): string[] {
  const layers = plan.resultPaths.length
  return [
    `${plan.target} is merged: its chain has ${layers === 1 ? 'one layer' : `${layers} layers`} now.`,
    ...(removal.removed.length > 0 ? [`Removed: ${removal.removed.join(', ')}.`] : []),
    ...removal.kept,
    ...(plan.lostSnapshots.length > 0 ? [`No longer restore points: ${plan.lostSnapshots.join(', ')}.`] : []),
  ]
}
