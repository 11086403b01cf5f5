import 'server-only'
import { readSituation } from '../situation/read-situation.ts'
import { planMerge, type MergeQuestion, type PlannedMerge } from './plan-merge.ts'

/** Every way to merge the range asked for as things are now. Throws HostDown, VmHung and VmGone. */
export const readMergePlans = async (
  hostName: string,
  vmUuid: string,
  question: MergeQuestion,
): Promise<PlannedMerge[]> => planMerge(await readSituation(hostName, vmUuid), question)
