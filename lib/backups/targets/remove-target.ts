import 'server-only'
import { z } from 'zod'
import { Refusal } from '../../jobs/refusal.ts'
import { publish } from '../../live/hub.ts'
import { store } from '../../store/store.ts'
import { refuseTargetInUse } from './target-in-use.ts'
import { requireTarget } from './targets.ts'

export const RemoveTargetInput = z.object({ targetId: z.string() })

/** Forgets a target and the catalogue of its backups. Its files stay as they are: added again, it is found as it was. Throws Refusal. */
export async function removeTarget({ targetId }: z.infer<typeof RemoveTargetInput>): Promise<object> {
  const target = await requireTarget(targetId)
  await store()
    .transaction()
    .execute(async (transaction) => {
      await refuseTargetInUse(transaction, target)
      const schedules = await transaction
        .selectFrom('schedules')
        .select('vm_name')
        .where('target_id', '=', targetId)
        .execute()
      if (schedules.length > 0)
        throw new Refusal(
          `${target.name} is the target of ${schedules.length === 1 ? `the schedule of ${schedules[0]!.vm_name ?? target.host}` : `${schedules.length} schedules`}. Give ${schedules.length === 1 ? 'it' : 'them'} another target, or remove ${schedules.length === 1 ? 'it' : 'them'} first.`,
        )
      await transaction.deleteFrom('backup_target_looks').where('target_id', '=', targetId).execute()
      await transaction.deleteFrom('foreign_backups').where('target_id', '=', targetId).execute()
      await transaction.deleteFrom('backups').where('target_id', '=', targetId).execute()
      await transaction.deleteFrom('backup_targets').where('id', '=', targetId).execute()
    })
  publish({ type: 'backups', host: target.host, vmUuid: null })
  return {}
}
