import 'server-only'
import { requireVm } from '../hosts/find-vm.ts'
import { walkChain } from '../hosts/walk-chain.ts'

/** Files of a disk's chain as libvirt has it this moment, base first; empty when the VM has no such disk. */
export async function readDiskPaths(hostName: string, vmUuid: string, target: string): Promise<string[]> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  host.files.forget()
  const disk = vm.description?.disks.find((each) => each.target === target)
  if (!disk?.path) return []
  if (vm.running && disk.layers.length > 0)
    return disk.layers.flatMap((layer) => (layer.path === null ? [] : [layer.path])).reverse()
  return (await walkChain(host.files, disk.path, disk.format, 0)).layers
    .map((layer) => layer.reading.path)
    .reverse()
}
