import 'server-only'
import { planDelete, type PlannedDelete } from './plan-delete.ts'
import { planRevert, type PlannedRevert } from './plan-revert.ts'
import { readSituation } from '../situation/read-situation.ts'

/** The plan of a delete as things are now. Throws HostDown, VmGone, and Refusal when the snapshot is gone. */
export const readDeletePlan = async (
  hostName: string,
  vmUuid: string,
  snapshot: string,
  withChildren: boolean,
): Promise<PlannedDelete> => planDelete(await readSituation(hostName, vmUuid), { snapshot, withChildren })

/** The plan of a revert as things are now. Throws HostDown, VmGone, and Refusal when the snapshot is gone. */
export const readRevertPlan = async (
  hostName: string,
  vmUuid: string,
  snapshot: string,
): Promise<PlannedRevert> => planRevert(await readSituation(hostName, vmUuid), snapshot)
