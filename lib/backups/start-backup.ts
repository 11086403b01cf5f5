import 'server-only'
import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'
import { z } from 'zod'
import { readChainLocks } from '../chains/chain-locks.ts'
import { refuseBusy } from '../hosts/busy.ts'
import { requireVm } from '../hosts/find-vm.ts'
import { stateWords } from '../hosts/state-words.ts'
import { readLock } from '../jobs/locks.ts'
import { Refusal } from '../jobs/refusal.ts'
import { startJob } from '../jobs/start-job.ts'
import { Bandwidth } from '../merges/bandwidth.ts'
import { asleepRefusal } from '../snapshots/asleep-refusal.ts'
import { overlayPath } from '../snapshots/overlay-path.ts'
import { chooseDisks } from './choose-disks.ts'
import { copySaga } from './copy/copy-saga.ts'
import { freeBytesOf } from './targets/look-at-target.ts'
import { pushSaga } from './push/push-saga.ts'
import { backupsLock, requireTarget } from './targets/targets.ts'

/** Chains grow by one each night: a full must come from time to time. */
export const FULL_EVERY_DAYS_DEFAULT = 7
const FULL_EVERY_DAYS_MAXIMUM = 90

export const BackupInput = z.object({
  host: z.string(),
  vm: z.string(),
  targetId: z.string(),
  /** incremental: QEMU pushes what changed (qcow2, running); copy: snapshot, copy, merge (any disk). A VM that is off is always copied. */
  method: z.enum(['incremental', 'copy']),
  /** null = all that can be backed up. */
  disks: z.array(z.string()).nullable(),
  quiesce: z.enum(['auto', 'required', 'off']),
  bandwidthBytesPerSecond: Bandwidth,
  forceFull: z.boolean(),
  fullEveryDays: z
    .int()
    .min(1, 'At least one day.')
    .max(FULL_EVERY_DAYS_MAXIMUM, `At most ${FULL_EVERY_DAYS_MAXIMUM} days.`)
    .default(FULL_EVERY_DAYS_DEFAULT),
  nonce: z.string().min(1),
})
export type BackupInput = z.input<typeof BackupInput>

/** Checks what can be known beforehand and starts the backup. Throws Refusal, HostDown, VmGone; nothing is changed then. */
export async function startBackup(given: BackupInput, user: { name: string }): Promise<{ jobId: string }> {
  const input = BackupInput.parse(given)
  const { host, vm } = await requireVm(input.host, input.vm)
  const target = await requireTarget(input.targetId)
  if (target.host !== host.name)
    throw new Refusal(`${target.name} is a target of ${target.host}, and ${vm.name} is on ${host.name}.`, {
      targetId: 'It belongs to another host.',
    })
  if (input.quiesce === 'required' && vm.state !== 'running')
    throw new Refusal(
      `Quiesce is required, but ${vm.name} is ${stateWords(vm.state)}: only the agent of a running guest can freeze its file systems.`,
      { quiesce: `The VM is ${stateWords(vm.state)}.` },
    )
  const asleep = input.method === 'copy' ? asleepRefusal(vm) : null
  if (asleep !== null)
    throw new Refusal(`A copy rests on a snapshot. ${asleep} An incremental backup can be taken as it is.`, {
      method: 'It needs a snapshot.',
    })
  await freeBytesOf(host, target)
  await refuseBusy(host, vm, null)
  const { disks, leftOut } = await chooseDisks(host, vm, input.disks)
  const locks = [...(await readChainLocks(host, vm)), readLock(backupsLock(target, vm.uuid))]
  const subject = { host: host.name, vmUuid: vm.uuid, vmName: vm.name, nonce: input.nonce, locks }
  const base = {
    host: host.name,
    vm: vm.uuid,
    vmName: vm.name,
    targetId: target.id,
    backupId: backupIdOf(vm.name, new Date()),
    disks,
    leftOut,
    quiesce: input.quiesce,
    marksDirectory: true,
  }
  if (input.method === 'copy' || !vm.running) {
    const taken = new Set<string>()
    const withOverlays = disks.map((disk) => {
      const path = overlayPath(
        disk.layers[0]!.path,
        posix.dirname(disk.layers[0]!.path),
        `keyframe-${base.backupId}`,
        disk.target,
        taken,
      )
      taken.add(path)
      return { ...disk, overlayPath: path }
    })
    const reason =
      input.method === 'copy'
        ? null
        : `${vm.name} is ${stateWords(vm.state)}: QEMU keeps its record of changes only while it runs, so the disks were copied whole.`
    return startJob(
      copySaga,
      { ...subject, title: `Back up to ${target.name} by copy` },
      { ...base, disks: withOverlays, bandwidthBytesPerSecond: input.bandwidthBytesPerSecond, reason },
      user,
    )
  }
  const other = disks.find((disk) => disk.layers[0]!.format !== 'qcow2')
  if (other)
    throw new Refusal(
      `${other.target} is ${other.layers[0]!.format}, which can’t keep a record of what changed. Choose snapshot, copy, merge, or leave this disk out.`,
      { method: `${other.target} is not qcow2.` },
    )
  if (input.bandwidthBytesPerSecond > 0)
    throw new Refusal(
      'libvirt has no bandwidth limit for a backup that QEMU pushes. Take the limit away, or choose snapshot, copy, merge.',
      { bandwidthBytesPerSecond: 'Not possible with this method.' },
    )
  return startJob(
    pushSaga,
    { ...subject, title: `Back up to ${target.name}` },
    { ...base, forceFull: input.forceFull, fullEveryDays: input.fullEveryDays },
    user,
  )
}

/** Name of a backup's directory, for people first: VM, instant, and a few characters that make it its own. */
export function backupIdOf(vmName: string, at: Date): string {
  const slug = vmName
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  const stamp = at.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '')
  return `${slug === '' ? 'vm' : slug}-${stamp}-${randomBytes(2).toString('hex')}`
}
