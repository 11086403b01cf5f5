import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import { requireVm } from '../../hosts/find-vm.ts'
import type { Host } from '../../hosts/host.ts'
import { Refusal } from '../../jobs/refusal.ts'
import { JobCancelled, type Saga } from '../../jobs/saga.ts'
import { folderOf } from '../catalogue/catalogue.ts'
import { CANCELLED, isSealed, readFilesBack, sealBackup } from '../finish-backup.ts'
import { makeDirectory } from '../targets/make-directory.ts'
import { checkpointName, deleteCheckpoint, hasCheckpoint, readOwnCheckpoints } from './own-checkpoints.ts'
import { inOwnFolder } from '../targets/own-folder.ts'
import { planPush, type PushPlan } from './plan-push.ts'
import type { PushContext, PushJob } from './push-job.ts'
import { beginPush, lookAtPush, runningPush, type Begun, type PushLook } from './push-backup.ts'
import { saveConfiguration, type SavedConfiguration } from '../save-configuration.ts'
import { sweepUnfinished } from '../retention/sweep-unfinished.ts'
import { removeUnfinished, takePushBack } from '../retention/take-back.ts'
import { requireTarget, type Target } from '../targets/targets.ts'
import { describeConsistency } from './while-frozen.ts'

const POLL_MS = 500
/** The copying is the first part of a job's percent, the reading back the rest. */
const COPY_PERCENT = 60

/** libvirt's id of the running VM is another one after a restart: what it says of a job's end is then of another job. */
const VM_ID = 'id of the VM that is backed up'

/**
 * Back up a running VM by QEMU's push: a full, or what changed since the last checkpoint.
 * | step                    | do                                                     | done when                              | taken back by              |
 * | plan                    | full or increment, and why                             | (own record)                           |                            |
 * | sweep what failed backups left | in a target that was away then                | (each is asked for)                    |                            |
 * | make the directory      | with the mark that shows whose it is                   | (it carries the mark)                  | removing what was written  |
 * | make the files          | volumes (an increment's on top of its parent's) | (made anew each time)              | removing what was written  |
 * | write the configuration | domain.xml, NVRAM                                      | (written anew each time)               | removing what was written  |
 * | begin                   | freeze, backupBegin with checkpoint, thaw              | the job runs, or its checkpoint exists | abortJob, checkpoint delete|
 * | (copy)                  | follow progress, cancel                                | libvirt's word of the job's end        |                            |
 * | read … back             | SHA-256 and structure of each file                     | (own record)                           | removing what was written  |
 * | write the manifest      | manifest.json: from here on it is a backup             | it reads back with its seal            | none                       |
 * | note it in the catalogue|                                                        | (own record)                           |                            |
 * | let older checkpoints go| all of Keyframe's but the one just made                | (each is asked for)                    | none                       |
 * A bitmap that libvirt finds broken only at `begin` makes it a full: the steps from `make the files` on are done again, `as a full`.
 */
export const pushSaga: Saga<PushJob> = {
  kind: 'backup',
  version: '1',
  copies: true,
  async run(context) {
    const { input } = context
    const { host } = await context.waitFor('find', () => requireVm(input.host, input.vm), POLL_MS)
    const target = await requireTarget(input.targetId)
    try {
      return await backUp(context, host, target)
    } catch (error) {
      // Written, it is a backup, whatever failed after that.
      if (await isSealed(context)) throw error
      await context.allowCancel(false)
      const left = await context.step('take everything back', {
        do: (call) => takePushBack(host, input.vm, target, input, call),
      })
      if (left !== null) await context.progress(null, left)
      throw error
    } finally {
      for (const disk of input.disks) host.jobs.setOwner(input.vm, disk.target, null)
      host.changed(input.vm)
    }
  },
}

async function backUp(context: PushContext, host: Host, target: Target): Promise<string[]> {
  const { input, jobId, step } = context
  const folder = folderOf(target, input.backupId)
  if (context.run > 1 && (await isSealed(context)))
    return [`${input.backupId} is in ${target.name}: an earlier run of this job finished it.`]
  // What an earlier run of the job could not take back must not pass for what this one does.
  if (context.run > 1)
    await step('clear what an earlier run left', {
      do: (call) => takePushBack(host, input.vm, target, input, call),
    })
  const beganMs = await step('note the time', { do: async () => Date.now() })
  await context.progress(null, 'Planning the backup')
  let plan = await step('plan', { do: () => planPush(input, null) })
  const stays = await step('sweep what failed backups left', {
    do: (call) => sweepUnfinished(host, target, call),
  })
  for (const disk of input.disks) host.jobs.setOwner(input.vm, disk.target, jobId)
  let { saved, begun } = await begin(context, host, target, plan, '')
  if ('broken' in begun) {
    const reason = `libvirt could not take an increment: ${begun.broken}.`
    plan = await step('plan as a full', { do: () => planPush(input, reason) })
    await step('remove what was begun', { do: (call) => removeUnfinished(host, target, input, call) })
    ;({ saved, begun } = await begin(context, host, target, plan, ' as a full'))
    if ('broken' in begun) throw new Refusal(`The backup was not begun: ${begun.broken}`)
  }
  host.changed(input.vm)
  await context.allowCancel(true)
  const end = await context.waitFor('copy', () => look(context, host, folder), POLL_MS)
  if (end.state === 'cancelled') throw new JobCancelled(CANCELLED)
  if (end.state === 'failed')
    throw new Refusal(`The backup failed: ${end.why}. Nothing of it is left, and the VM runs on as before.`)
  await context.copied(end.bytes)
  const files = await readFilesBack(context, host, target, plan.disks, saved.files)
  const consistency = describeConsistency(begun.begun)
  await sealBackup(context, host, target, {
    beganMs,
    vm: { uuid: input.vm, name: input.vmName, wasRunning: true },
    method: 'checkpoint',
    kind: plan.kind.kind,
    parent: plan.kind.kind === 'increment' ? plan.kind.parentId : null,
    fullReason: plan.kind.kind === 'full' ? plan.kind.reason : null,
    checkpoint: checkpointName(input.backupId),
    frozen: begun.begun.frozen,
    consistency,
    notes: saved.notes,
    nvram: saved.nvram,
    files,
    disks: plan.disks.map((disk) => ({
      target: disk.target,
      file: disk.file,
      virtualBytes: disk.virtualBytes,
      sourceFormat: disk.layers[0]!.format,
      sourcePath: disk.layers[0]!.path,
      backing: disk.backing,
    })),
  })
  const left = await step('let older checkpoints go', { do: (call) => dropOlder(host, input, call) })
  return [
    `${plan.kind.kind === 'full' ? 'Full backup' : 'Increment'} ${input.backupId} is in ${target.name}: ${plan.disks.map((disk) => disk.target).join(', ')}, ${files.reduce((sum, file) => sum + file.bytes, 0)} bytes, each file read back.`,
    ...(plan.kind.kind === 'full'
      ? [`Why a full: ${plan.kind.reason}`]
      : [`It rests on ${plan.kind.parentId}.`]),
    consistency,
    ...(typeof left === 'string' ? [left] : []),
    ...saved.notes,
    ...stays,
    ...input.leftOut.map((disk) => `${disk.target} is left out. ${disk.reason}`),
  ]
}

async function begin(
  context: PushContext,
  host: Host,
  target: Target,
  plan: PushPlan,
  suffix: '' | ' as a full',
): Promise<{ saved: SavedConfiguration; begun: Begun }> {
  const { input, step } = context
  const folder = folderOf(target, input.backupId)
  const stands = () =>
    host.connection.operate(async (connect) => {
      const domain = await connect.domainLookupByUUID(input.vm)
      return (
        (await runningPush(domain, folder)) || (await hasCheckpoint(domain, checkpointName(input.backupId)))
      )
    })
  await makeDirectory(context, host, target, suffix)
  await step(`make the files${suffix}`, {
    do: async (call) => {
      await host.connection.operate((connect) =>
        inOwnFolder(connect, target, input.backupId, call, async (writer) => {
          for (const disk of plan.disks) await writer.makeImage(disk.file, disk.virtualBytes, disk.backing)
        }),
      )
      return true
    },
  })
  const saved = await step(`write the configuration${suffix}`, {
    do: (call) => saveConfiguration(host, input.vm, target, input.backupId, call),
  })
  await context.progress(
    0,
    input.quiesce === 'off' ? 'Beginning the backup' : 'Freezing the guest and beginning the backup',
  )
  const begun = await step<Begun>(`begin${suffix}`, {
    isDone: async () =>
      (await stands())
        ? { begun: { frozen: false, reason: 'Keyframe was restarted meanwhile and can’t tell.' } }
        : null,
    do: (call) => beginPush(host, input, plan, folder, call, (id) => context.keep(VM_ID, id)),
  })
  return { saved, begun }
}

/** One look at the running push; null while it goes on. */
async function look(
  context: PushContext,
  host: Host,
  folder: string,
): Promise<Exclude<PushLook, { state: 'runs' }> | { state: 'cancelled' } | null> {
  if (await context.cancelRequested()) return { state: 'cancelled' }
  const { id } = await (await host.connection.reader()).domainLookupByUUID(context.input.vm)
  if (id !== (await context.kept(VM_ID)))
    return { state: 'failed', why: 'the VM stopped in the middle of it' }
  const found = await host.inspection.inspect(context.input.vm, (domain) => lookAtPush(domain, folder))
  if (found.state !== 'runs') return found
  await context.progress(
    found.totalBytes === 0 ? null : Math.floor((found.doneBytes / found.totalBytes) * COPY_PERCENT),
    'QEMU copies the disks as they were at the backup’s instant; a push has no bandwidth limit in libvirt',
  )
  return null
}

/**
 * Only the newest stays, so that QEMU keeps one record of changes. Of other targets' backups, too: a later increment there is a full. What
 * libvirt refuses does not make the backup worse, the VM may have stopped in this moment: a sentence, else null.
 */
async function dropOlder(
  host: Host,
  input: PushJob,
  call: Parameters<typeof deleteCheckpoint>[3],
): Promise<string | null> {
  let left: string | null = null
  await host.connection
    .operate(async (connect) => {
      const domain = await connect.domainLookupByUUID(input.vm)
      if (domain.id === -1) return
      for (const checkpoint of await readOwnCheckpoints(host, domain))
        if (checkpoint.name !== checkpointName(input.backupId))
          await deleteCheckpoint(host, domain, checkpoint.name, call)
    })
    .catch((error: unknown) => {
      if (!isLibvirtError(error)) throw error
      left = `Older checkpoints of Keyframe stay until the next backup: ${error.message}.`
    })
  return left
}
