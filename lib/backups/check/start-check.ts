import 'server-only'
import { z } from 'zod'
import { readLock } from '../../jobs/locks.ts'
import { startJob } from '../../jobs/start-job.ts'
import { requireChain } from '../catalogue/catalogue.ts'
import { checkSaga } from './check-saga.ts'
import { freeBytesOf } from '../targets/look-at-target.ts'
import { requireHost } from '../../hosts/find-vm.ts'
import { backupsLock, requireTarget } from '../targets/targets.ts'

export const CheckInput = z.object({
  targetId: z.string(),
  backupId: z.string(),
  nonce: z.string().min(1),
  /** With all that it rests on. */ below: z.boolean().default(false),
})

/** Starts the check of one backup; its VM is left alone, and may be gone. Throws Refusal. */
export async function startCheck(
  given: z.input<typeof CheckInput>,
  user: { name: string },
): Promise<{ jobId: string }> {
  const input = CheckInput.parse(given)
  const target = await requireTarget(input.targetId)
  const backup = (await requireChain(input.targetId, input.backupId)).at(-1)!
  await freeBytesOf(requireHost(target.host), target)
  const subject = {
    host: target.host,
    vmUuid: backup.vmUuid,
    vmName: backup.vmName,
    title: `Check backup ${backup.id}`,
    nonce: input.nonce,
    locks: [readLock(backupsLock(target, backup.vmUuid))],
  }
  return startJob(
    checkSaga,
    subject,
    { host: target.host, targetId: target.id, backupId: backup.id, below: input.below },
    user,
  )
}
