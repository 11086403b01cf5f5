import 'server-only'
import { randomUUID } from 'node:crypto'
import { posix } from 'node:path'
import { z } from 'zod'
import { requireHost } from '../../hosts/find-vm.ts'
import type { Host } from '../../hosts/host.ts'
import { readLock } from '../../jobs/locks.ts'
import { Refusal } from '../../jobs/refusal.ts'
import { startJob } from '../../jobs/start-job.ts'
import { Bandwidth } from '../../merges/bandwidth.ts'
import { requireChain, type Backup } from '../catalogue/catalogue.ts'
import { chainFault } from '../check/check-backup.ts'
import { freeBytesOf } from '../targets/look-at-target.ts'
import { restorePlaces } from './restore-places.ts'
import type { RestoreDisk } from './restore-disks.ts'
import { restoreSaga } from './restore-saga.ts'
import { backupsLock, requireTarget } from '../targets/targets.ts'

/** libvirt makes files of the name, with suffixes. */
const NAME_MAX_BYTES = 200
/** Left free where the disks go. */
const RESERVE_BYTES = 64 * 1024 * 1024

export const RestoreInput = z.object({
  targetId: z.string(),
  backupId: z.string(),
  /** Of the new VM. */
  name: z.string(),
  /** Where its disks go; null = where the backed-up ones were. */
  directory: z.string().nullable(),
  /** False: every network card is unplugged, for the backed-up VM may still run. */
  networkUp: z.boolean(),
  bandwidthBytesPerSecond: Bandwidth,
  nonce: z.string().min(1),
})

/** Checks what can be known beforehand and starts to restore a backup as a new VM. Throws Refusal; nothing is changed then. */
export async function startRestore(
  input: z.infer<typeof RestoreInput>,
  user: { name: string },
): Promise<{ jobId: string }> {
  const target = await requireTarget(input.targetId)
  const host = requireHost(target.host)
  const chain = await requireChain(input.targetId, input.backupId)
  const backup = chain.at(-1)!
  const fault = chainFault(chain)
  if (fault !== null)
    throw new Refusal(
      `The backup ${backup.id} can’t be restored. ${fault} Take an older one. Nothing was written.`,
    )
  await freeBytesOf(host, target)
  await refuseName(host, input.name)
  const directory = input.directory ?? posix.dirname(backup.manifest.disks[0]!.sourcePath)
  const disks = await planDisks(host, backup, directory, input.name)
  const neededBytes = chain.reduce((sum, each) => sum + each.bytes, 0)
  const freeBytes = await host.files.freeBytes(directory)
  if (freeBytes === null)
    throw new Refusal(`The directory ${directory} can’t be read by libvirt. Nothing was written.`, {
      directory: 'libvirt can’t read it.',
    })
  if (freeBytes < neededBytes + RESERVE_BYTES)
    throw new Refusal(
      `${directory} has ${freeBytes} bytes free, and the restored disks may take ${neededBytes}. Nothing was written.`,
      { directory: 'Not enough space.' },
    )
  const uuid = randomUUID()
  const subject = {
    host: host.name,
    vmUuid: uuid,
    vmName: input.name,
    title: `Restore ${backup.id} as ${input.name}`,
    nonce: input.nonce,
    locks: [
      readLock(backupsLock(target, backup.vmUuid)),
      ...disks.map((disk) => disk.path),
      `the name ${input.name}`,
    ],
  }
  const nvramPath =
    backup.manifest.nvram === null ? null : posix.join(directory, `${fileStem(input.name)}_VARS.fd`)
  return startJob(
    restoreSaga,
    subject,
    {
      host: host.name,
      targetId: target.id,
      backupId: backup.id,
      name: input.name,
      uuid,
      disks,
      directory,
      nvramPath,
      networkUp: input.networkUp,
      bandwidthBytesPerSecond: input.bandwidthBytesPerSecond,
    },
    user,
  )
}

async function refuseName(host: Host, name: string): Promise<void> {
  const refuse = (sentence: string) => {
    throw new Refusal(sentence, { name: sentence })
  }
  if (name.trim() === '' || name !== name.trim()) refuse('Give the new VM a name, without spaces around it.')
  if (Buffer.byteLength(name) > NAME_MAX_BYTES)
    refuse(`The name is too long: at most ${NAME_MAX_BYTES} bytes.`)
  if (name.includes('/') || name.startsWith('.') || /[\p{C}\p{Zl}\p{Zp}]/u.test(name))
    refuse('The name must not contain “/” or control characters, nor begin with a dot.')
  if ((await host.inventory.vms()).some((vm) => vm.name === name))
    refuse(`${host.name} has a VM called ${name} already.`)
}

async function planDisks(
  host: Host,
  backup: Backup,
  directory: string,
  name: string,
): Promise<RestoreDisk[]> {
  const places = await restorePlaces(host)
  host.files.forget()
  if (!places.includes(directory))
    throw new Refusal(`Restored disks may not go to ${directory}. Choose one of: ${places.join(', ')}.`, {
      directory: 'Not one of the allowed directories.',
    })
  const disks = backup.manifest.disks.map((disk): RestoreDisk => {
    const format = disk.sourceFormat === 'raw' ? 'raw' : 'qcow2'
    return {
      target: disk.target,
      file: disk.file,
      virtualBytes: disk.virtualBytes,
      format,
      path: posix.join(directory, `${fileStem(name)}-${disk.target}.${format === 'raw' ? 'img' : 'qcow2'}`),
    }
  })
  // The manifest allows no such name; whatever comes to be allowed, no disk is made elsewhere.
  if (disks.some(({ path }) => posix.dirname(path) !== posix.normalize(directory)))
    throw new Refusal(`A disk of the backup has a name that leads out of ${directory}. Nothing was written.`)
  for (const { path } of disks) {
    const there = await host.files.read(path, 0)
    if (there.kind === 'found')
      throw new Refusal(`${path} exists already. Take another name or directory. Nothing was written.`, {
        name: 'A file of this name exists already.',
      })
    if (there.kind === 'unreadable')
      throw new Refusal(`Whether ${path} exists already can’t be seen: ${there.reason}. Nothing was written.`)
  }
  return disks
}

/** A file name for any VM name. */
const fileStem = (name: string) =>
  name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_.-]+/g, '_')
    .slice(0, 80)
