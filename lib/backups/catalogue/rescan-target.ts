import 'server-only'
import { z } from 'zod'
import { publish } from '../../live/hub.ts'
import { store } from '../../store/store.ts'
import { rebuildCatalogue, type Rebuilt } from './rebuild-catalogue.ts'
import { lookAtTarget } from '../targets/target-looks.ts'
import { refuseTargetInUse } from '../targets/target-in-use.ts'
import { requireTarget } from '../targets/targets.ts'

export const RescanTargetInput = z.object({ targetId: z.string() })

/** Makes the catalogue of a target anew, for when its directory was changed by hand or Keyframe's own data is older than it. Throws Refusal; nothing is changed then. */
export async function rescanTarget({ targetId }: z.infer<typeof RescanTargetInput>): Promise<Rebuilt> {
  const target = await requireTarget(targetId)
  await refuseTargetInUse(store(), target)
  const rebuilt = await rebuildCatalogue(targetId)
  await lookAtTarget(target, Date.now())
  publish({ type: 'backups', host: target.host, vmUuid: null })
  return rebuilt
}
