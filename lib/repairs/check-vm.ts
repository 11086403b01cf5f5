import 'server-only'
import { requireHost } from '../hosts/find-vm.ts'
import { lookAtHost, toReport } from './check-host.ts'
import type { CheckReport } from './types.ts'

/**
 * What a check finds of one VM: its own, and unused files that were its own. The whole host is looked at for it, for
 * only all of its VMs together tell that a file is unused. Throws HostDown and VmGone.
 */
export async function checkVm(hostName: string, vmUuid: string): Promise<CheckReport> {
  const check = await lookAtHost(requireHost(hostName), ({ vm }) => vm.uuid === vmUuid)
  return toReport(
    check,
    check.found.filter(({ finding }) => finding.vm?.uuid === vmUuid),
  )
}
