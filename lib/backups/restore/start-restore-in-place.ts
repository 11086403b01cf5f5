import 'server-only'
import { posix } from 'node:path'
import { z } from 'zod'
import { readChainLocks } from '../../chains/chain-locks.ts'
import { requireVm } from '../../hosts/find-vm.ts'
import type { Host } from '../../hosts/host.ts'
import { readLock } from '../../jobs/locks.ts'
import { Refusal } from '../../jobs/refusal.ts'
import { startJob } from '../../jobs/start-job.ts'
import { Bandwidth } from '../../merges/bandwidth.ts'
import { store } from '../../store/store.ts'
import { requireChain } from '../catalogue/catalogue.ts'
import { chainFault } from '../check/check-backup.ts'
import { chooseDisks } from '../choose-disks.ts'
import { freeBytesOf } from '../targets/look-at-target.ts'
import { openRestoreOf } from './open-restore.ts'
import { restoreInPlaceRefusal } from './restore-in-place-refusal.ts'
import { endRestoreSaga, restoreInPlaceSaga, type RestoreInPlaceJob } from './restore-in-place-saga.ts'
import { backupsLock, requireTarget } from '../targets/targets.ts'

/** Left free where the disks go. */
const RESERVE_BYTES = 64 * 1024 * 1024

export const RestoreInPlaceInput = z.object({
  targetId: z.string(),
  backupId: z.string(),
  /** The VM's name, typed. */
  insist: z.string(),
  bandwidthBytesPerSecond: Bandwidth,
  nonce: z.string().min(1),
})

/** Starts to replace the disks of a VM that is off by those of a backup of it. Throws Refusal; nothing is changed then. */
export async function startRestoreInPlace(
  input: z.infer<typeof RestoreInPlaceInput>,
  user: { name: string },
): Promise<{ jobId: string }> {
  const target = await requireTarget(input.targetId)
  const chain = await requireChain(input.targetId, input.backupId)
  const backup = chain.at(-1)!
  const { host, vm } = await requireVm(target.host, backup.vmUuid)
  if (input.insist !== vm.name)
    throw new Refusal(
      `What ${vm.name} has written since ${backup.manifest.createdAt} will be on its old disks only. Type its name to go on.`,
      { insist: `Type ${vm.name}.` },
    )
  const refusal = restoreInPlaceRefusal(vm, await openRestoreOf(host, vm))
  if (refusal !== null) throw new Refusal(`${refusal} Nothing was done.`)
  const fault = chainFault(chain)
  if (fault !== null)
    throw new Refusal(
      `The backup ${backup.id} can’t be restored. ${fault} Take an older one. Nothing was written.`,
    )
  await freeBytesOf(host, target)
  const targets = backup.manifest.disks.map((disk) => disk.target)
  const missing = targets.find((each) => !vm.description?.disks.some((disk) => disk.target === each))
  if (missing !== undefined)
    throw new Refusal(
      `${vm.name} has no disk ${missing} any more. Restore the backup as a new VM. Nothing was done.`,
    )
  const { disks: now } = await chooseDisks(host, vm, targets)
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '')
  const disks = backup.manifest.disks.map((disk) => {
    const old = now.find((each) => each.target === disk.target)!.layers[0]!
    if (old.sourceType === 'block')
      throw new Refusal(
        `${disk.target} is a block device, which Keyframe does not write over. Restore the backup as a new VM. Nothing was done.`,
      )
    const format = disk.sourceFormat === 'raw' ? ('raw' as const) : ('qcow2' as const)
    return {
      target: disk.target,
      file: disk.file,
      virtualBytes: disk.virtualBytes,
      format,
      path: posix.join(
        posix.dirname(old.path),
        `${disk.target}-restored-${stamp}-${vm.uuid.slice(0, 8)}.${format === 'raw' ? 'img' : 'qcow2'}`,
      ),
    }
  })
  const neededBytes = chain.reduce((sum, each) => sum + each.bytes, 0)
  for (const folder of new Set(disks.map((disk) => posix.dirname(disk.path)))) {
    const freeBytes = await host.files.freeBytes(folder)
    if (freeBytes === null || freeBytes < neededBytes + RESERVE_BYTES)
      throw new Refusal(
        `${folder} has ${freeBytes ?? 'no'} bytes free that libvirt knows of, and the restored disks may take ${neededBytes}; the old ones are kept. Nothing was written.`,
      )
  }
  const job: RestoreInPlaceJob = {
    host: host.name,
    vm: vm.uuid,
    vmName: vm.name,
    targetId: target.id,
    backupId: backup.id,
    disks,
    bandwidthBytesPerSecond: input.bandwidthBytesPerSecond,
    old: now.map((disk) => ({
      target: disk.target,
      path: disk.layers[0]!.path,
      format: disk.layers[0]!.format,
    })),
    oldFiles: now.flatMap((disk) => disk.layers.map((layer) => layer.path)),
  }
  const locks = [...(await readChainLocks(host, vm)), readLock(backupsLock(target, vm.uuid))]
  return startJob(
    restoreInPlaceSaga,
    {
      host: host.name,
      vmUuid: vm.uuid,
      vmName: vm.name,
      title: `Restore ${backup.id} in place`,
      nonce: input.nonce,
      locks,
    },
    job,
    user,
  )
}

/** libvirt takes a VM's XML with images that are not there. Throws Refusal. */
async function refuseGone(host: Host, files: readonly string[]): Promise<void> {
  host.files.forget(files)
  for (const path of files)
    if ((await host.files.read(path, 0)).kind !== 'found')
      throw new Refusal(
        `The old disk ${path} is not there any more, so the old disks can’t be put back. Nothing was done.`,
      )
}

export const EndRestoreInput = z.object({
  jobId: z.string(),
  keep: z.enum(['restored', 'old']),
  nonce: z.string().min(1),
})

/** After a restore in place: says which disks are kept; the others go. Throws Refusal. */
export async function startEndRestore(
  input: z.infer<typeof EndRestoreInput>,
  user: { name: string },
): Promise<{ jobId: string }> {
  const row = await store()
    .selectFrom('jobs')
    .selectAll()
    .where('id', '=', input.jobId)
    .where('kind', '=', restoreInPlaceSaga.kind)
    .executeTakeFirst()
  if (!row || row.status !== 'succeeded')
    throw new Refusal('There is no restore in place that ended well under this id.')
  const done = JSON.parse(row.input) as RestoreInPlaceJob
  const { host, vm } = await requireVm(done.host, done.vm)
  // The dialog of one who was slower must not take the other set away, too.
  const open = await openRestoreOf(host, vm)
  if (open?.jobId !== input.jobId)
    throw new Refusal(
      `${vm.name} does not start from the restored disks any more: it was ended already, or its disks changed since. Nothing was done.`,
    )
  if (input.keep === 'old' && open.putBackRefusal !== null)
    throw new Refusal(`${open.putBackRefusal} Nothing was done.`)
  if (input.keep === 'old') await refuseGone(host, done.oldFiles)
  const locks = await readChainLocks(host, vm)
  const restored = done.disks.map(({ target, path, format }) => ({ target, path, format }))
  return startJob(
    endRestoreSaga,
    {
      host: host.name,
      vmUuid: vm.uuid,
      vmName: vm.name,
      title: input.keep === 'old' ? 'Put the old disks back' : 'Remove the old disks',
      nonce: input.nonce,
      locks,
    },
    {
      host: host.name,
      vm: vm.uuid,
      vmName: vm.name,
      keep: input.keep,
      restored,
      old: done.old,
      oldFiles: done.oldFiles,
    },
    user,
  )
}
