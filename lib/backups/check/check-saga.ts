import 'server-only'
import { requireHost } from '../../hosts/find-vm.ts'
import type { Host } from '../../hosts/host.ts'
import { Refusal } from '../../jobs/refusal.ts'
import { JobCancelled, type Saga, type SagaContext } from '../../jobs/saga.ts'
import { findBackup, requireChain, type Backup } from '../catalogue/catalogue.ts'
import { checkFile, checkManifest, noteVerdict, type Fault } from './check-backup.ts'
import { requireTarget, type Target } from '../targets/targets.ts'

export interface CheckJob {
  host: string
  targetId: string
  backupId: string
  /** With all that it rests on; absent in jobs of before. */
  below?: boolean
}

/**
 * Check one backup against its manifest, or, with `below`, the whole chain of files that a restore of it would read. It reads, and changes nothing but the verdict in the catalogue.
 * | step            | do                                                             | done when    |
 * | read manifest   | seal, all files there                                          | (own record) |
 * | read …          | length, SHA-256, of an image the structure; at the host's pace | (own record) |
 * | note the verdict|                                                                | (own record) |
 * A damaged one fails the job: that is the word that somebody must see.
 */
export const checkSaga: Saga<CheckJob> = {
  kind: 'backup-check',
  version: '1',
  apart: true,
  async run(context) {
    const { input, step } = context
    const host = requireHost(input.host)
    const target = await requireTarget(input.targetId)
    const asked = await findBackup(input.targetId, input.backupId)
    if (!asked) throw new Refusal('There is no such backup: it was removed meanwhile.')
    const chain = input.below === true ? await requireChain(input.targetId, input.backupId) : [asked]
    for (const [index, backup] of chain.entries()) {
      const fault = await checkSteps(context, host, target, backup, index / chain.length, 1 / chain.length)
      await step(backup.id === asked.id ? 'note the verdict' : `note the verdict on ${backup.id}`, {
        do: async () => {
          await noteVerdict(target, backup, fault)
          return true
        },
      })
      if (fault !== null)
        throw new Refusal(
          `The backup ${backup.id}${backup.id === asked.id ? '' : `, on which ${asked.id} rests,`} is damaged: ${fault}. Don’t rely on it, nor on the increments on top of it. The next backup of ${backup.vmName} is a full by itself.`,
        )
    }
    const good = `The backup ${asked.id} is good: all ${asked.manifest.files.length} files are as they were written, and the images’ structure is sound.`
    if (chain.length > 1)
      return [
        good,
        `So ${chain.length === 2 ? 'is the backup' : `are the ${chain.length - 1} backups`} that it rests on.`,
      ]
    return asked.parentId === null
      ? [good]
      : [good, `What it rests on, ${asked.parentId}, was not read this time.`]
  },
}

/** The steps that look at one backup; they stop at the first fault. `from` and `share` of the job's percent. */
export async function checkSteps(
  context: SagaContext<object>,
  host: Host,
  target: Target,
  backup: Backup,
  from: number,
  share: number,
): Promise<Fault> {
  const total = backup.manifest.files.reduce((sum, file) => sum + file.bytes, 0)
  await context.allowCancel(true)
  const first = await context.step(`read the manifest of ${backup.id}`, {
    do: async () => ({ fault: await checkManifest(host, target, backup) }),
  })
  if (first.fault !== null) return first.fault
  let before = 0
  for (const file of backup.manifest.files) {
    const { fault } = await context.step(`read ${backup.id}/${file.name}`, {
      do: async () => ({
        fault: await checkFile(host, target, backup, file.name, async (bytes) => {
          if (await context.cancelRequested())
            throw new JobCancelled('Cancelled. Nothing was changed, and no verdict was noted.')
          await context.progress(
            Math.floor((from + ((before + bytes) / total) * share) * 100),
            `Reading ${backup.id}/${file.name}`,
          )
        }),
      }),
    })
    if (fault !== null) return fault
    before += file.bytes
  }
  return null
}
