import 'server-only'
import { posix } from 'node:path'
import { requireVm } from '../../hosts/find-vm.ts'
import { helperKindOfVm } from '../../hosts/helper-domain.ts'
import type { Host } from '../../hosts/host.ts'
import { START_LAYERS_MAXIMUM } from '../../hosts/start-depth.ts'
import { isRefusal, Refusal } from '../../jobs/refusal.ts'
import { isJobStopped, JobCancelled, type Saga } from '../../jobs/saga.ts'
import type { LogCall } from '../../jobs/step-log.ts'
import { takeSnapshot } from '../../snapshots/take-snapshot.ts'
import type { FreezeReport } from '../../snapshots/types.ts'
import { isLibvirtError } from 'node-libvirt'
import { folderOf } from '../catalogue/catalogue.ts'
import { chooseDisks } from '../choose-disks.ts'
import { copyByHelper } from './copy-by-helper.ts'
import type { CopyContext, CopyDisk, CopyJob } from './copy-job.ts'
import { copyHelperName, endLimit, followLimit } from './copy-limit.ts'
import { CANCELLED, isSealed, readFilesBack, sealBackup } from '../finish-backup.ts'
import { freeBytesOf, spaceRefusal } from '../targets/look-at-target.ts'
import { makeDirectory } from '../targets/make-directory.ts'
import { isOnOverlay, mergeBack } from './merge-back.ts'
import { inOwnFolder } from '../targets/own-folder.ts'
import { saveConfiguration } from '../save-configuration.ts'
import { sweepUnfinished } from '../retention/sweep-unfinished.ts'
import { removeUnfinished } from '../retention/take-back.ts'
import { requireTarget, type Target } from '../targets/targets.ts'
import type { ChosenDisk } from '../types.ts'
import { describeConsistency } from '../push/while-frozen.ts'

const POLL_MS = 500
const COPY_PERCENT = 60
/** Until it is merged back the guest writes into the overlays; they begin with less than this. */
const OVERLAY_RESERVE_BYTES = 16 * 1024 * 1024

/**
 * Back up any disk, raw included: snapshot all of them at one moment, copy what that froze, merge the overlays back.
 * | step                    | do                                                   | done when                             | taken back by            |
 * | check                   | chains as planned, space                             | (own record)                          |                          |
 * | sweep what failed backups left | in a target that was away then              | (each is asked for)                   |                          |
 * | make the directory      | with the mark that shows whose it is                 | (it carries the mark)                 | removing what was written|
 * | make the files          | empty volumes                                        | (made anew each time)                 | removing what was written|
 * | write the configuration | domain.xml, NVRAM                                    | (written anew each time)              | removing what was written|
 * | snapshot                | freeze, switch all disks, thaw; no metadata          | every disk writes to its overlay      | merging back             |
 * Then per disk, so that each overlay lives as briefly as can be:
 * | copy                    | blockCopy on a paused helper, limit, cancel          | (own record; copied anew otherwise)   | removing what was written|
 * | merge … back            | blockCommit of the overlay                           | the disk is on its own image          | (this is the taking back)|
 * | pivot                   |                                                      | the disk is on its own image          |                          |
 * | remove the overlay      |                                                      | (asked of every chain first)          |                          |
 * Then as for a push: read … back, write the manifest, note it in the catalogue. A VM that is off is copied without snapshot and merge.
 * Whatever fails, or when it is cancelled: all overlays are merged back, and what was begun in the target is removed.
 */
export const copySaga: Saga<CopyJob> = {
  kind: 'backup-copy',
  version: '1',
  copies: true,
  async run(context) {
    const { input } = context
    const { host } = await context.waitFor('find', () => requireVm(input.host, input.vm), POLL_MS)
    const target = await requireTarget(input.targetId)
    try {
      return await backUp(context, host, target)
    } catch (error) {
      if (isJobStopped(rootOf(error)) || (await isSealed(context))) throw error
      await takeCopyBack(context, host, target)
      throw error
    } finally {
      for (const disk of input.disks) host.jobs.setOwner(input.vm, disk.target, null)
      host.changed(input.vm)
    }
  },
  async offerUndo(input) {
    const left = (
      await Promise.all(
        input.disks.map(async (disk) =>
          (await isOnOverlay(input.host, input.vm, disk)) ? [disk.target] : [],
        ),
      )
    ).flat()
    return left.length === 0
      ? null
      : `Merges the overlays of ${left.join(', ')} back and removes what was begun in the target.`
  },
  async undo(context) {
    const { host } = await context.waitFor(
      'find',
      () => requireVm(context.input.host, context.input.vm),
      POLL_MS,
    )
    const left = await takeCopyBack(context, host, await requireTarget(context.input.targetId))
    if (left.length > 0) return ['The VM runs on its own images again.', ...left]
    return ['The VM runs on its own images again, and nothing of the backup is left.']
  },
}

const rootOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? error.cause : error

/** Resolves with what could not be removed, a sentence each. */
async function takeCopyBack(context: CopyContext, host: Host, target: Target): Promise<string[]> {
  const { input, step } = context
  const kept: string[] = []
  await context.allowCancel(false)
  // A copy that failed may not have begun its snapshot; each disk is asked.
  for (const disk of input.disks)
    if (
      await context
        .waitFor(
          `look at ${disk.target}`,
          async () => ({ left: await isOnOverlay(input.host, input.vm, disk) }),
          POLL_MS,
        )
        .then((look) => look.left)
    )
      kept.push(...(await mergeBack(context, host, disk)))
  const left = await step('take everything back', {
    do: (call) => removeUnfinished(host, target, input, call),
  })
  if (left !== null) await context.progress(null, left)
  return [...kept, ...(left === null ? [] : [left])]
}

async function backUp(context: CopyContext, host: Host, target: Target): Promise<string[]> {
  const { input, jobId, step } = context
  if (context.run > 1 && (await isSealed(context)))
    return [`${input.backupId} is in ${target.name}: an earlier run of this job finished it.`]
  const beganMs = await step('note the time', { do: async () => Date.now() })
  const wasRunning = await step('check', { do: () => check(input, host, target) })
  const stays = await step('sweep what failed backups left', {
    do: (call) => sweepUnfinished(host, target, call),
  })
  for (const disk of input.disks) host.jobs.setOwner(input.vm, disk.target, jobId)
  await makeDirectory(context, host, target, '')
  await step('make the files', {
    do: async (call) => {
      await host.connection.operate((connect) =>
        inOwnFolder(connect, target, input.backupId, call, async (writer) => {
          for (const disk of input.disks) await writer.makeImage(fileOf(disk), disk.virtualBytes, null)
        }),
      )
      return true
    },
  })
  const saved = await step('write the configuration', {
    do: (call) => saveConfiguration(host, input.vm, target, input.backupId, call),
  })
  const freeze: FreezeReport = wasRunning
    ? await snapshot(context, host)
    : { frozen: false, reason: 'the VM is off, so there is nothing to freeze.' }
  await context.allowCancel(true)
  const bytes = input.disks.reduce((sum, disk) => sum + disk.virtualBytes, 0)
  let doneBytes = 0
  const kept: string[] = []
  for (const disk of input.disks) {
    await step(`copy ${disk.target}`, {
      do: (call) => copy(context, host, target, disk, doneBytes / bytes, disk.virtualBytes / bytes, call),
    })
    doneBytes += disk.virtualBytes
    if (wasRunning) {
      await context.progress(
        Math.floor((doneBytes / bytes) * COPY_PERCENT),
        `Merging the overlay of ${disk.target} back`,
      )
      kept.push(...(await mergeBack(context, host, disk)))
    }
  }
  if (!wasRunning) await step('see that it stayed off', { do: () => refuseStarted(input) })
  await context.copied(bytes)
  const files = await readFilesBack(
    context,
    host,
    target,
    input.disks.map((disk) => ({ file: fileOf(disk), virtualBytes: disk.virtualBytes, backing: null })),
    saved.files,
    await followLimit(context),
  )
  await endLimit(context)
  const consistency = wasRunning ? describeConsistency(freeze) : 'The VM was off.'
  await sealBackup(context, host, target, {
    beganMs,
    vm: { uuid: input.vm, name: input.vmName, wasRunning },
    method: 'copy',
    kind: 'full',
    parent: null,
    fullReason: input.reason,
    checkpoint: null,
    frozen: freeze.frozen,
    consistency,
    notes: saved.notes,
    nvram: saved.nvram,
    files,
    disks: input.disks.map((disk) => ({
      target: disk.target,
      file: fileOf(disk),
      virtualBytes: disk.virtualBytes,
      sourceFormat: disk.layers[0]!.format,
      sourcePath: disk.layers[0]!.path,
      backing: null,
    })),
  })
  return [
    `Full backup ${input.backupId} is in ${target.name}: ${input.disks.map((disk) => disk.target).join(', ')}, ${files.reduce((sum, file) => sum + file.bytes, 0)} bytes, each file read back.`,
    ...(input.reason === null ? [] : [`Why a full: ${input.reason}`]),
    consistency,
    ...(wasRunning ? ['The overlays are merged back.'] : []),
    ...kept,
    ...saved.notes,
    ...stays,
    ...input.leftOut.map((disk) => `${disk.target} is left out. ${disk.reason}`),
  ]
}

const fileOf = (disk: ChosenDisk) => `${disk.target}.qcow2`

/** After a wait in the queue: the chains must be the planned ones. True when the VM runs. Throws Refusal. */
async function check(input: CopyJob, host: Host, target: Target): Promise<boolean> {
  const { vm } = await requireVm(input.host, input.vm)
  const freeBytes = await freeBytesOf(host, target)
  const { disks } = await chooseDisks(
    host,
    vm,
    input.disks.map((disk) => disk.target),
  )
  for (const planned of input.disks) {
    const now = disks.find((disk) => disk.target === planned.target)!
    if (
      now.layers.map((layer) => layer.path).join('\n') !==
      planned.layers.map((layer) => layer.path).join('\n')
    )
      throw new Refusal(
        `The chain of ${planned.target} changed since the backup was planned. Nothing was done; begin it anew.`,
      )
    if (now.layers.length >= START_LAYERS_MAXIMUM)
      throw new Refusal(
        `${planned.target} has ${now.layers.length} layers, and with an overlay more than the ${START_LAYERS_MAXIMUM} that libvirt can open. Merge older layers first. Nothing was done.`,
      )
    if (vm.running) {
      const folder = posix.dirname(planned.overlayPath)
      const free = await host.files.freeBytes(folder)
      if (free === null || free < OVERLAY_RESERVE_BYTES)
        throw new Refusal(
          `The overlay of ${planned.target} would be in ${folder}, which ${free === null ? 'libvirt can’t read' : `has ${free} bytes free`}. Nothing was done.`,
        )
      if ((await host.files.read(planned.overlayPath, 0)).kind === 'found')
        throw new Refusal(
          `${planned.overlayPath}, the overlay for ${planned.target}, exists already. Nothing was done; begin the backup anew.`,
        )
    }
  }
  const refusal = spaceRefusal(
    target,
    freeBytes,
    disks.reduce((sum, disk) => sum + disk.allocatedBytes, 0),
  )
  if (refusal !== null) throw new Refusal(`${refusal} Nothing was done.`)
  return vm.running
}

async function snapshot(context: CopyContext, host: Host): Promise<FreezeReport> {
  const { input } = context
  await context.progress(
    0,
    input.quiesce === 'off' ? 'Taking the snapshot' : 'Freezing the guest and taking the snapshot',
  )
  const overlays = async () =>
    (await requireVm(input.host, input.vm)).vm.description?.disks.filter((disk) =>
      input.disks.some((each) => each.overlayPath === disk.path),
    ).length
  const freeze = await context.step<FreezeReport>('snapshot', {
    isDone: async () =>
      (await overlays()) === input.disks.length
        ? { frozen: false, reason: 'Keyframe was restarted meanwhile and can’t tell.' }
        : null,
    do: async (call) => {
      const { vm } = await requireVm(input.host, input.vm)
      const disks = (vm.description?.disks ?? []).map((disk) => ({
        target: disk.target,
        overlayPath: input.disks.find((each) => each.target === disk.target)?.overlayPath ?? null,
      }))
      await host.frozen.settled(input.vm)
      return takeSnapshot(
        host,
        input.vm,
        {
          name: `keyframe-${input.backupId}`,
          description: '',
          quiesce: input.quiesce,
          disks,
          withoutMetadata: true,
        },
        call,
      ).catch((error: unknown) => {
        if (isLibvirtError(error))
          throw new Refusal(
            `The snapshot for the backup was not taken: ${error.message}. Nothing was changed.`,
          )
        if (isRefusal(error))
          throw new Refusal(error.message.replace('No snapshot was taken', 'No backup was begun'))
        throw error
      })
    },
  })
  host.changed(input.vm)
  // libvirt's word is not enough: what is copied must be frozen.
  await context.step('see that every disk writes to its overlay', {
    do: async () => {
      if ((await overlays()) !== input.disks.length)
        throw new Refusal(
          'libvirt reported the snapshot as taken, but not every disk writes to its overlay. The backup was not begun.',
        )
      return true
    },
  })
  return freeze
}

async function copy(
  context: CopyContext,
  host: Host,
  target: Target,
  disk: CopyDisk,
  from: number,
  share: number,
  call: LogCall,
): Promise<true> {
  const { input, jobId } = context
  const kind = helperKindOfVm(await host.inspection.inspect(input.vm, (domain) => domain.getXMLDesc()))
  const to = { path: posix.join(folderOf(target, input.backupId), fileOf(disk)), format: 'qcow2' as const }
  // What a copy of before has written into it must not show through.
  await host.connection.operate((connect) =>
    inOwnFolder(connect, target, input.backupId, call, (writer) =>
      writer.makeImage(fileOf(disk), disk.virtualBytes, null),
    ),
  )
  return copyByHelper(
    host,
    { name: copyHelperName('copy', jobId), kind, layers: disk.layers, to, limit: await followLimit(context) },
    call,
    async (doneBytes, totalBytes) => {
      if (await context.cancelRequested()) throw new JobCancelled(CANCELLED)
      await context.progress(
        Math.floor((from + (doneBytes / totalBytes) * share) * COPY_PERCENT),
        `Copying ${disk.target}`,
      )
    },
  )
}

/** The helper's read lock keeps QEMU from writing to what is copied; between two disks it does not. */
async function refuseStarted(input: CopyJob): Promise<true> {
  const { vm } = await requireVm(input.host, input.vm)
  if (vm.running)
    throw new Refusal(
      `${vm.name} was started while it was copied: its disks are not of one moment. The backup does not count; begin it anew.`,
    )
  return true
}
