import 'server-only'
import { requireHost } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { Refusal } from '../jobs/refusal.ts'
import { JobCancelled, type Saga, type SagaContext } from '../jobs/saga.ts'
import { findBackup, type Backup } from './catalogue.ts'
import { checkFile, checkManifest, noteVerdict, type Fault } from './check-backup.ts'
import { requireTarget, type Target } from './targets.ts'

export interface CheckJob {
  host: string
  targetId: string
  backupId: string
}

/**
 * Check one backup against its manifest. It reads, and changes nothing but the verdict in the catalogue.
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
    const backup = await findBackup(input.targetId, input.backupId)
    if (!backup) throw new Refusal('There is no such backup: it was removed meanwhile.')
    const fault = await checkSteps(context, host, target, backup, 0, 1)
    await step('note the verdict', { do: async () => { await noteVerdict(target, backup, fault); return true } })
    if (fault !== null) throw new Refusal(`The backup ${backup.id} is damaged: ${fault}. Don’t rely on it, nor on the increments on top of it. The next backup of ${backup.vmName} is a full by itself.`)
    return [`The backup ${backup.id} is good: all ${backup.manifest.files.length} files are as they were written, and the images’ structure is sound.`]
  },
}

/** The steps that look at one backup; they stop at the first fault. `from` and `share` of the job's percent. */
export async function checkSteps(context: SagaContext<object>, host: Host, target: Target, backup: Backup, from: number, share: number): Promise<Fault> {
  const total = backup.manifest.files.reduce((sum, file) => sum + file.bytes, 0)
  await context.allowCancel(true)
  const first = await context.step(`read the manifest of ${backup.id}`, { do: async () => ({ fault: await checkManifest(host, target, backup) }) })
  if (first.fault !== null) return first.fault
  let before = 0
  for (const file of backup.manifest.files) {
    const { fault } = await context.step(`read ${backup.id}/${file.name}`, { do: async () => ({
      fault: await checkFile(host, target, backup, file.name, async (bytes) => {
        if (await context.cancelRequested()) throw new JobCancelled('Cancelled. Nothing was changed, and no verdict was noted.')
        await context.progress(Math.floor((from + ((before + bytes) / total) * share) * 100), `Reading ${backup.id}/${file.name}`)
      }),
    }) })
    if (fault !== null) return fault
    before += file.bytes
  }
  return null
}
