import 'server-only'
import { requireVm } from '../hosts/find-vm.ts'
import { walkDisk } from '../hosts/walk-chain.ts'

/** Files of a disk's chain as libvirt has it this moment, base first; empty when the VM has no such disk. */
export async function readDiskPaths(hostName: string, vmUuid: string, target: string): Promise<string[]> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  host.files.forget()
  const disk = vm.description?.disks.find((each) => each.target === target)
  if (!disk?.path) return []
  const { layers } = await walkDisk(host.files, disk, 0)
  return layers.flatMap(({ reading }) => (reading.path.startsWith('/') ? [reading.path] : [])).reverse()
}
