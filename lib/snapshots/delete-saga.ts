import 'server-only'
import {
  isLibvirtError,
  VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY,
  VIR_ERR_NO_DOMAIN_SNAPSHOT,
} from 'node-libvirt'
import { explainLock } from '../hosts/busy.ts'
import { DomainCalls } from '../hosts/described-calls.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { hasSnapshot, readSnapshots, type SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import type { BlockJobView } from '../hosts/types.ts'
import { nameDone } from '../jobs/name-done.ts'
import { isRefusal, Refusal } from '../jobs/refusal.ts'
import type { Saga, SagaContext } from '../jobs/saga.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { redefineSnapshot } from '../merges/reconcile-snapshots.ts'
import { forgetSound, markSound } from '../situation/sound-layers.ts'
import { clearTaint, taintLayer } from '../situation/tainted-layers.ts'
import { pinBacking } from '../hosts/pin-backing.ts'
import type { PlannedDelete } from './plan-delete.ts'
import { goneSnapshots } from './gone-snapshots.ts'
import { explainDelete } from './explain-delete.ts'
import { readDeletePlan } from './read-plans.ts'

/** A plan that is older is made anew before the first step. */
const STALE_PLAN_MS = 2_000

export interface DeleteJob {
  host: string
  vm: string
  /** Children before parents. */
  order: string[]
  /** When each was taken: another one may have its name by now. */
  createdAtMs: Record<string, number>
  receivers: string[]
  removedFiles: string[]
  /** Sound layers whose headers it rewrites. */
  rebased: string[]
  /** Snapshots whose definitions must say first what lies below their disks. */
  pins: PlannedDelete['pins']
  /** Snapshots that stay. */
  keeps: string[]
  metadataOnly: boolean
  bytesToCopy?: number | null
}

/**
 * Delete snapshots, children first. Before:
 * | check the plan | after a wait in the queue, and at each later try: plan anew and compare   | (own record)   |
 * | pin      | have the definitions of snapshots off the chain say what lies below their disks | each says so   |
 * Per snapshot:
 * | step     | do                                                          | done when                       |
 * | remember | record that the layers which receive the data will change   | (own record)                    |
 * | delete   | virDomainSnapshotDelete: libvirt merges, then forgets it    | no snapshot of that name exists |
 * | tidy     | end the record                                              | (own record)                    |
 * There is no undo: libvirt has begun to merge, and going on is what heals it.
 * A delete that was cut off is healed by the same delete again (lib/hosts/LIBVIRT.md, “Snapshots”), which a repeated step does.
 */
export const deleteSaga: Saga<DeleteJob> = {
  kind: 'delete',
  version: '4',
  copies: true,
  takesOver: {
    1: (input) => ({ ...(input as DeleteJob), rebased: [], pins: [], createdAtMs: {}, keeps: [] }),
    2: (input) => ({ ...(input as DeleteJob), rebased: [], pins: [], createdAtMs: {}, keeps: [] }),
    3: (input) => ({ ...(input as DeleteJob), createdAtMs: {}, keeps: [] }),
  },
  async run(context) {
    const { input, step, jobId } = context
    // After a wait in the queue, or at a later try, another VM may need what would go.
    if (context.run > 1 || context.waitedMs > STALE_PLAN_MS)
      await step('check the plan', { do: () => refuseOtherDelete(input) })
    if (!input.metadataOnly) {
      await step('remember', {
        do: async () => {
          for (const path of input.receivers)
            await taintLayer({
              host: input.host,
              path,
              vmUuid: input.vm,
              topPath: null,
              jobId,
              reason: `a delete that merges into ${path} was begun and not finished. Delete the same snapshot again to finish it`,
            })
          return true
        },
      })
    }
    for (const pin of input.pins)
      await step(`pin ${pin.snapshot}`, { do: (call) => pinDefinition(input, pin, call) })
    for (const [index, name] of input.order.entries()) {
      const deleted = input.order.slice(0, index)
      const done = index === 0 ? null : `${deleted.join(', ')} ${index === 1 ? 'is' : 'are'} deleted.`
      await nameDone(done, () =>
        step(`delete ${name}`, {
          isDone: async () => (isListed(input, await readListed(input), name) ? null : true),
          do: (call) => withProgress(context, index, name, () => deleteOne(context, name, call)),
        }),
      )
    }
    await step('tidy', {
      do: async () => {
        const { host } = await requireVm(input.host, input.vm)
        // What was merged into them is what the snapshots above them rest on.
        if (!input.metadataOnly)
          await markSound(
            host,
            [...input.receivers, ...input.rebased],
            `a delete of ${input.order.join(', ')} was finished`,
          )
        if (!input.metadataOnly) await forgetSound(input.host, input.removedFiles)
        for (const path of input.receivers) await clearTaint(input.host, path, jobId)
        return true
      },
    })
    if (input.bytesToCopy) await context.copied(input.bytesToCopy)
    await context.differ(await step('compare', { do: () => readDifferences(input) }))
    return [
      `Deleted: ${input.order.join(', ')}.${input.metadataOnly ? ' Only what libvirt knew of it is gone; files and chains are as they were.' : ''}`,
    ]
  },
}

/** A snapshot that is gone by now needs nothing. */
async function pinDefinition(
  input: DeleteJob,
  { snapshot, below }: DeleteJob['pins'][number],
  call: LogCall,
): Promise<true> {
  const { host } = await requireVm(input.host, input.vm)
  await host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByUUID(input.vm)
    if (await hasSnapshot(domain, snapshot))
      await redefineSnapshot(domain, snapshot, (xml) => pinBacking(xml, (path) => below[path] ?? null), {
        uri: host.connection.uri,
        call,
      })
  })
  return true
}

/** Throws Refusal when it would now do more than what was shown, or can't be done any more. What is done already needs no plan. */
async function refuseOtherDelete(input: DeleteJob): Promise<true> {
  const listed = await readListed(input)
  const left = input.order.filter((name) => isListed(input, listed, name))
  const root = left.at(-1)
  if (root === undefined || input.metadataOnly) return true
  const now = await readDeletePlan(input.host, input.vm, root, input.order.length > 1)
  if (now.refusal) throw new Refusal(`${root} can’t be deleted. ${now.refusal}`)
  const isWithin = (more: readonly string[], shown: readonly string[]) =>
    more.every((each) => shown.includes(each))
  if (
    !isWithin(now.order, input.order) ||
    !isWithin(now.receivers, input.receivers) ||
    !isWithin(now.removedFiles, input.removedFiles) ||
    !isWithin(
      now.pins.map(({ snapshot }) => snapshot),
      input.pins.map(({ snapshot }) => snapshot),
    )
  )
    throw new Refusal(
      `Deleting ${root} would now do more than the plan that was shown: a snapshot or a layer came in between. Look at a new plan first.`,
      { plan: 'changed' },
    )
  return true
}

const readListed = async (input: DeleteJob): Promise<SnapshotMetadata[]> => {
  const { host } = await requireVm(input.host, input.vm)
  return (await readSnapshots(await host.connection.reader(), input.vm)).list
}

/** Another snapshot of its name is not this one. */
function isListed(input: DeleteJob, listed: readonly SnapshotMetadata[], name: string): boolean {
  const found = listed.find((each) => each.name === name)
  const takenMs = input.createdAtMs[name]
  return found !== undefined && (takenMs === undefined || found.createdAtMs === takenMs)
}

async function deleteOne(context: SagaContext<DeleteJob>, name: string, call: LogCall): Promise<true> {
  const { input, jobId } = context
  // Tried before, by this process or another, it may have changed what it merges into.
  const isFirstTry = (await context.kept(`tried ${name}`)) !== true
  await context.keep(`tried ${name}`, true)
  const { host, vm } = await requireVm(input.host, input.vm)
  const before = await modified(host, input.receivers)
  try {
    await host.connection.operate(async (connect) => {
      const domain = await connect.domainLookupByUUID(input.vm)
      const snapshot = await domain.snapshotLookupByName(name)
      // As long as its bytes take: a lost connection ends it, and libvirtd goes on.
      await call(
        new DomainCalls(host.connection.uri, domain).snapshotDelete(
          snapshot,
          input.metadataOnly ? VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY : undefined,
          { deadlineMs: 0 },
        ),
      )
    })
  } catch (error) {
    if (!isLibvirtError(error)) throw error
    if (error.code === VIR_ERR_NO_DOMAIN_SNAPSHOT) return true
    // A frozen layer's modification time jumps when a commit into it begins: unchanged, libvirt refused before that.
    const after = await modified(host, input.receivers)
    for (const [path, at] of before)
      if (isFirstTry && at !== null && after.get(path) === at) await clearTaint(input.host, path, jobId)
    const locked = explainLock(error, vm.name)
    if (isRefusal(locked)) throw locked
    throw new Refusal(explainDelete(name, error.message))
  } finally {
    host.changed(input.vm)
  }
  return true
}

async function modified(host: Host, paths: readonly string[]): Promise<Map<string, number | null>> {
  const readings = await Promise.all(paths.map((path) => host.files.read(path, 0)))
  return new Map(
    readings.map((reading) => [reading.path, reading.kind === 'found' ? reading.modifiedMs : null]),
  )
}

/** The block jobs that libvirt runs for a delete are what shows how far it is. */
async function withProgress<T>(
  context: SagaContext<DeleteJob>,
  index: number,
  name: string,
  run: () => Promise<T>,
): Promise<T> {
  const { input, jobId } = context
  const { host, vm } = await requireVm(input.host, input.vm)
  const targets = (vm.description?.disks ?? []).map((disk) => disk.target)
  for (const target of targets) host.jobs.setOwner(input.vm, target, jobId)
  let shown = Promise.resolve()
  const show = (jobs: readonly BlockJobView[]) => {
    const percents = jobs.flatMap((job) => (job.percent === null ? [] : [job.percent]))
    const own =
      percents.length === 0 ? null : percents.reduce((sum, percent) => sum + percent, 0) / percents.length
    // One after the other; that one could not be written keeps no snapshot from being deleted.
    shown = shown
      .then(() =>
        context.progress(
          own === null ? null : Math.floor((index * 100 + own) / input.order.length),
          `Deleting ${name}${jobs.length > 0 ? `: merging ${jobs.map((job) => job.target).join(', ')}` : ''}`,
        ),
      )
      .catch(() => undefined)
  }
  show([])
  const unfollow = host.jobs.follow(input.vm, show)
  try {
    return await run()
  } finally {
    unfollow()
    await shown
    for (const target of targets) host.jobs.setOwner(input.vm, target, null)
  }
}

/** Where the outcome is not what the plan said. */
async function readDifferences(input: DeleteJob): Promise<string[]> {
  const { host } = await requireVm(input.host, input.vm)
  host.changed(input.vm)
  const listed = (await readListed(input)).map(({ name }) => name)
  const readings = await Promise.all(
    (input.metadataOnly ? [] : input.removedFiles).map((path) => host.files.read(path, 0)),
  )
  const left = readings.filter(({ kind }) => kind === 'found').map(({ path }) => path)
  return [
    ...goneSnapshots(input.keeps, listed),
    ...(left.length > 0
      ? [`The plan said that these files go: libvirt left them, and they may be in use: ${left.join(', ')}.`]
      : []),
  ]
}
