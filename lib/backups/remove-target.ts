import 'server-only'
import { z } from 'zod'
import { UNFINISHED } from '../jobs/job-rows.ts'
import { Refusal } from '../jobs/refusal.ts'
import { store } from '../store/store.ts'
import { requireTarget } from './targets.ts'

export const RemoveTargetInput = z.object({ targetId: z.string() })

/** Forgets a target and the catalogue of its backups. Its files stay as they are: added again, it is found as it was. Throws Refusal. */
export async function removeTarget({ targetId }: z.infer<typeof RemoveTargetInput>): Promise<object> {
  const target = await requireTarget(targetId)
  await store().transaction().execute(async (transaction) => {
    const jobs = await transaction.selectFrom('jobs').select(['title', 'by', 'input']).where('host', '=', target.host).where('status', 'in', [...UNFINISHED]).execute()
    const user = jobs.find((job) => (JSON.parse(job.input) as { targetId?: string }).targetId === targetId)
    if (user) throw new Refusal(`“${user.title}”, begun by ${user.by}, works with ${target.name} and is not finished. Wait for it.`)
    await transaction.deleteFrom('backups').where('target_id', '=', targetId).execute()
    await transaction.deleteFrom('backup_targets').where('id', '=', targetId).execute()
  })
  return {}
}
