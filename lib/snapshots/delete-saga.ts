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
import { hasSnapshot } from '../hosts/snapshot-metadata.ts'
import type { BlockJobView } from '../hosts/types.ts'
import { isRefusal, Refusal } from '../jobs/refusal.ts'
import type { Saga, SagaContext } from '../jobs/saga.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { redefineSnapshot } from '../merges/reconcile-snapshots.ts'
import { forgetSound, markSound } from '../situation/sound-layers.ts'
import { clearTaint, taintLayer } from '../situation/tainted-layers.ts'
import { pinBacking } from '../hosts/pin-backing.ts'
import type { PlannedDelete } from './plan-delete.ts'
import { explainDelete } from './explain-delete.ts'

export interface DeleteJob {
  host: string
  vm: string
  /** Children before parents. */
  order: string[]
  receivers: string[]
  removedFiles: string[]
  /** Sound layers whose headers it rewrites. */
  rebased: string[]
  /** Snapshots whose definitions must say first what lies below their disks. */
  pins: PlannedDelete['pins']
  metadataOnly: boolean
  bytesToCopy?: number | null
}

/**
 * Delete snapshots, children first. Before:
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
  version: '3',
  copies: true,
  takesOver: {
    1: (input) => ({ ...(input as DeleteJob), rebased: [], pins: [] }),
    2: (input) => ({ ...(input as DeleteJob), rebased: [], pins: [] }),
  },
  async run(context) {
    const { input, step, jobId } = context
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
      await step(`delete ${name}`, {
        isDone: async () => ((await isGone(input, name)) ? true : null),
        do: (call) => withProgress(context, index, name, () => deleteOne(context, name, call)),
      })
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
        await forgetSound(input.host, input.removedFiles)
        for (const path of input.receivers) await clearTaint(input.host, path, jobId)
        return true
      },
    })
    if (input.bytesToCopy) await context.copied(input.bytesToCopy)
    return step('look what is left', { do: () => describe(input) })
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
      await redefineSnapshot(domain, snapshot, (xml) => pinBacking(xml, (path) => below[path] ?? []), {
        uri: host.connection.uri,
        call,
      })
  })
  return true
}

async function isGone(input: DeleteJob, name: string): Promise<boolean> {
  const { host } = await requireVm(input.host, input.vm)
  const domain = await (await host.connection.reader()).domainLookupByUUID(input.vm)
  return !(await hasSnapshot(domain, name))
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

async function describe(input: DeleteJob): Promise<string[]> {
  const { host } = await requireVm(input.host, input.vm)
  host.changed(input.vm)
  const left = (await Promise.all(input.removedFiles.map((path) => host.files.read(path, 0))))
    .filter((reading) => reading.kind === 'found')
    .map((reading) => reading.path)
  return [
    `Deleted: ${input.order.join(', ')}.${input.metadataOnly ? ' Only what libvirt knew of it is gone; files and chains are as they were.' : ''}`,
    ...(left.length > 0 && !input.metadataOnly
      ? [`libvirt left these files, which may be in use: ${left.join(', ')}.`]
      : []),
  ]
}
