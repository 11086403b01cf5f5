import 'server-only'
import type { Host } from '../hosts/host.ts'
import { readDiskPaths } from './disk-paths.ts'
import type { PlannedMerge } from './plan-merge.ts'

/** True when the disk has exactly the chain that the plan promised, as libvirt says now. */
export async function isMerged(input: { host: string; vm: string }, plan: PlannedMerge): Promise<boolean> {
  const paths = await readDiskPaths(input.host, input.vm, plan.target)
  return paths.length === plan.resultPaths.length && paths.every((path, index) => path === plan.resultPaths[index])
}

/** True while any block job runs on the disk. */
export const hasBlockJob = (host: Host, uuid: string, target: string): Promise<boolean> =>
  host.inspection.inspect(uuid, async (domain) => (await domain.getBlockJobInfo(target)) !== null)
