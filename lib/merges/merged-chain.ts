import 'server-only'
import { isLibvirtError, VIR_ERR_OPERATION_INVALID } from 'node-libvirt'
import type { Host } from '../hosts/host.ts'
import { readDiskPaths } from './disk-paths.ts'
import type { PlannedMerge } from './plan-merge.ts'

/** True when the disk has exactly the chain that the plan promised, as libvirt says now. */
export async function isMerged(input: { host: string; vm: string }, plan: PlannedMerge): Promise<boolean> {
  const paths = await readDiskPaths(input.host, input.vm, plan.target)
  return (
    paths.length === plan.resultPaths.length && paths.every((path, index) => path === plan.resultPaths[index])
  )
}

/** True while any block job runs on the disk; a VM that is off has none, and libvirt refuses the question. */
export const hasBlockJob = (host: Host, uuid: string, target: string): Promise<boolean> =>
  host.inspection.inspect(uuid, (domain) =>
    domain.getBlockJobInfo(target).then(
      (info) => info !== null,
      (error: unknown) => {
        if (isLibvirtError(error, VIR_ERR_OPERATION_INVALID)) return false
        throw error
      },
    ),
  )
