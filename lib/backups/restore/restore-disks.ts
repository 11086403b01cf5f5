import 'server-only'
import { posix } from 'node:path'
import { isLibvirtError, type Connect } from 'node-libvirt'
import type { HelperKind } from '../../hosts/helper-domain.ts'
import type { Host } from '../../hosts/host.ts'
import { Refusal } from '../../jobs/refusal.ts'
import { JobCancelled, type SagaContext } from '../../jobs/saga.ts'
import type { LogCall } from '../../jobs/step-log.ts'
import { findVolume, FolderWriter, withFolder } from '../targets/backup-folder.ts'
import { folderOf, type Backup } from '../catalogue/catalogue.ts'
import { noteVerdict } from '../check/check-backup.ts'
import { checkSteps } from '../check/check-saga.ts'
import { copyByHelper } from '../copy/copy-by-helper.ts'
import { copyHelperName, followLimit } from '../copy/copy-limit.ts'
import { changedImage, lookAtImages, type ImageLook } from './look-at-images.ts'
import type { Target } from '../targets/targets.ts'

/** Of a job's percent the check takes the first part. */
const CHECK_SHARE = 0.5
const MAKING = 'none of its files was there before'

export interface RestoreDisk {
  target: string
  /** In the backup's directory. */
  file: string
  virtualBytes: number
  format: 'raw' | 'qcow2'
  /** What is made. */
  path: string
}

/** What both ways of a restore have in common; part of the job's input. */
export interface RestoreJobBase {
  host: string
  targetId: string
  backupId: string
  disks: RestoreDisk[]
  /** 0 = no limit. */
  bandwidthBytesPerSecond: number
}

type Context = SagaContext<RestoreJobBase>

/** Throws Refusal when a file of the chain is not as it was written: nothing was written then. */
export async function checkChain(
  context: Context,
  host: Host,
  target: Target,
  chain: readonly Backup[],
): Promise<void> {
  for (const [index, backup] of chain.entries()) {
    const fault = await checkSteps(
      context,
      host,
      target,
      backup,
      (index / chain.length) * CHECK_SHARE,
      CHECK_SHARE / chain.length,
    )
    if (fault === null) continue
    await context.step('note the verdict', {
      do: async () => {
        await noteVerdict(target, backup, fault)
        return true
      },
    })
    throw new Refusal(
      `${backup.id === context.input.backupId ? 'The backup' : `The backup rests on ${backup.id}, which`} is damaged: ${fault}. It was not restored, and nothing was written. Take an older one.`,
    )
  }
}

/** Looks at the images before they are read. */
export const lookBefore = (
  context: Context,
  host: Host,
  target: Target,
  chain: readonly Backup[],
): Promise<ImageLook[]> => context.step('look at the images', { do: () => lookAtImages(host, target, chain) })

/**
 * Throws Refusal when an image is not as it was before it was checked: QEMU opened it by its name, long after its bytes were compared. What
 * remains is in the README: who can rename files there can swap one for the time of the copy, and back.
 */
export async function seeUnchanged(
  context: Context,
  host: Host,
  target: Target,
  chain: readonly Backup[],
  before: readonly ImageLook[],
): Promise<void> {
  await context.step('see that no image changed', {
    do: async () => {
      const changed = changedImage(before, await lookAtImages(host, target, chain))
      if (changed !== null)
        throw new Refusal(
          `${changed} was changed while it was restored: what was copied is not what was checked. The restored disks were removed again. Find out who writes to the target.`,
        )
      return true
    },
  })
}

const inFolderOf = (connect: Connect, path: string, act: Parameters<typeof withFolder>[2]) =>
  withFolder(connect, posix.dirname(path), act)

/** Makes the empty images. Files of others are never overwritten: that none was there, `others` neither, is kept before the first is made. */
export async function makeDisks(
  context: Context,
  host: Host,
  others: readonly string[],
  call: LogCall,
): Promise<true> {
  const { disks } = context.input
  await host.connection
    .operate(async (connect) => {
      if ((await context.kept(MAKING)) !== true) {
        for (const path of [...disks.map((disk) => disk.path), ...others])
          await inFolderOf(connect, path, async (pool) => {
            if ((await findVolume(pool, posix.basename(path))) !== null)
              throw new Refusal(`${path} exists already. Nothing was written.`)
          })
        await context.keep(MAKING, true)
      }
      for (const disk of disks) {
        await inFolderOf(connect, disk.path, async (pool) => {
          await new FolderWriter(connect, pool, call).makeImage(
            posix.basename(disk.path),
            disk.virtualBytes,
            null,
            disk.format,
          )
        })
      }
    })
    .catch((error: unknown) => {
      throw isLibvirtError(error)
        ? new Refusal(`The disks to restore to could not be made: ${error.message}.`)
        : error
    })
  return true
}

/** Copies what a disk of the backup shows, with all below it, into the image that was made for it. */
export async function copyDisk(
  context: Context,
  host: Host,
  target: Target,
  chain: readonly Backup[],
  kind: HelperKind,
  disk: RestoreDisk,
  call: LogCall,
): Promise<true> {
  const { input, jobId } = context
  // The chain's files by name, the newest first: no image's own header is believed.
  const layers = [...chain].reverse().flatMap((backup) => {
    const here = backup.manifest.disks.find((each) => each.target === disk.target)
    return here ? [{ path: posix.join(folderOf(target, backup.id), here.file), format: 'qcow2' }] : []
  })
  const share = (1 - CHECK_SHARE) / input.disks.length
  const from = CHECK_SHARE + input.disks.indexOf(disk) * share
  const copy = copyByHelper(
    host,
    {
      name: copyHelperName('restore', jobId),
      kind,
      layers,
      to: { path: disk.path, format: disk.format },
      limit: await followLimit(context),
    },
    call,
    async (doneBytes, totalBytes) => {
      if (await context.cancelRequested())
        throw new JobCancelled('Cancelled. Nothing that was restored is left, and the backup is as it was.')
      await context.progress(
        Math.floor((from + (doneBytes / totalBytes) * share) * 100),
        `Copying ${disk.target}`,
      )
    },
  )
  return copy.finally(() => leaveFolders(host, target, chain))
}

/** Whoever asks which files are in use reads the helper's chain, too: the pools that this made on the backups' directories would stay. */
async function leaveFolders(host: Host, target: Target, chain: readonly Backup[]): Promise<void> {
  for (const backup of chain)
    await host.connection
      .operate((connect) => withFolder(connect, folderOf(target, backup.id), async () => undefined))
      .catch(() => undefined)
}

/** Removes what this job made, if it made anything. */
export async function removeMadeDisks(
  context: Context,
  host: Host,
  others: readonly string[],
  call: LogCall,
): Promise<true> {
  if ((await context.kept(MAKING)) !== true) return true
  await host.connection.operate(async (connect) => {
    for (const path of [...context.input.disks.map((disk) => disk.path), ...others]) {
      await inFolderOf(connect, path, async (pool) => {
        await new FolderWriter(connect, pool, call).remove(posix.basename(path))
      })
    }
  })
  await context.keep(MAKING, false)
  return true
}
