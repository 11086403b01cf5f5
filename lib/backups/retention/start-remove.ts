import 'server-only'
import { z } from 'zod'
import { requireHost } from '../../hosts/find-vm.ts'
import { UNFINISHED } from '../../jobs/job-rows.ts'
import { byId, walkDown } from '../catalogue/chain-of.ts'
import { Refusal } from '../../jobs/refusal.ts'
import { startJob } from '../../jobs/start-job.ts'
import { store } from '../../store/store.ts'
import { listBackups, type Backup } from '../catalogue/catalogue.ts'
import { freeBytesOf } from '../targets/look-at-target.ts'
import { removeSaga } from './remove-saga.ts'
import { applyRetention, type Retention, type RetentionVerdict } from './retention.ts'
import { backupsLock, requireTarget } from '../targets/targets.ts'

export const RemoveBackupsInput = z.object({
  targetId: z.string(),
  vmUuid: z.string(),
  backupIds: z.array(z.string()).min(1, 'Choose at least one backup.'),
  /** The VM's name, typed: the last sound backup goes all the same. */
  insist: z.string().nullable(),
  nonce: z.string().min(1),
})

/** Starts to remove backups of one VM. Throws Refusal: where others rest on one of them, or the last sound one would go. */
export async function startRemoveBackups(
  input: z.infer<typeof RemoveBackupsInput>,
  user: { name: string },
): Promise<{ jobId: string }> {
  const target = await requireTarget(input.targetId)
  const all = await listBackups({ targetId: target.id, vmUuid: input.vmUuid })
  const chosen = all.filter((backup) => input.backupIds.includes(backup.id))
  const gone = input.backupIds.find((id) => !chosen.some((backup) => backup.id === id))
  if (gone !== undefined)
    throw new Refusal(
      `There is no backup ${gone} of this VM in ${target.name}: it was removed meanwhile. Reload the page.`,
    )
  const left = all.filter((backup) => !chosen.includes(backup))
  const above = left.find((backup) => chosen.some((each) => each.id === backup.parentId))
  if (above)
    throw new Refusal(
      `${above.id} rests on ${above.parentId}, and could not be read any more without it. Remove it, too, or neither.`,
    )
  const vmName = chosen[0]!.vmName
  if (
    left.every((backup) => backup.check === 'damaged') &&
    chosen.some((backup) => backup.check !== 'damaged') &&
    input.insist !== vmName
  )
    throw new Refusal(
      `This would remove the last sound backup of ${vmName} in ${target.name}. Type the VM’s name to remove it all the same.`,
      { insist: `Type ${vmName}.` },
    )
  await freeBytesOf(requireHost(target.host), target)
  const backupIds = childrenFirst(chosen)
  const subject = {
    host: target.host,
    vmUuid: input.vmUuid,
    vmName,
    title: `Remove ${backupIds.length === 1 ? `backup ${backupIds[0]}` : `${backupIds.length} backups`} from ${target.name}`,
    nonce: input.nonce,
    locks: [backupsLock(target, input.vmUuid)],
  }
  return startJob(removeSaga, subject, { host: target.host, targetId: target.id, backupIds }, user)
}

/** What retention would keep and drop of a VM's backups in a target now, newest first. */
export async function previewRetention(
  targetId: string,
  vmUuid: string,
  retention: Retention,
  timeZone: string,
): Promise<RetentionVerdict[]> {
  const backups = await listBackups({ targetId, vmUuid })
  return applyRetention(backups, retention, await backupsInUse(targetId), timeZone)
}

/** Ids that unfinished jobs name: what they rest on stays with them. */
async function backupsInUse(targetId: string): Promise<Set<string>> {
  const jobs = await store()
    .selectFrom('jobs')
    .select('input')
    .where('status', 'in', [...UNFINISHED])
    .execute()
  const inputs = jobs.map(
    (job) => JSON.parse(job.input) as { targetId?: string; backupId?: string; backupIds?: string[] },
  )
  return new Set(
    inputs.flatMap((input) =>
      input.targetId === targetId
        ? [...(input.backupId === undefined ? [] : [input.backupId]), ...(input.backupIds ?? [])]
        : [],
    ),
  )
}

/** Increments before what they rest on. */
function childrenFirst(chosen: readonly Backup[]): string[] {
  const find = byId(chosen)
  const depth = (backup: Backup) => walkDown(backup, find).links.length
  return [...chosen]
    .sort((a, b) => depth(b) - depth(a) || b.createdAtMs - a.createdAtMs)
    .map((backup) => backup.id)
}
