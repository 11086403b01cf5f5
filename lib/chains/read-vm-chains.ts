import 'server-only'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { readSnapshots, type SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { walkDisk } from '../hosts/walk-chain.ts'
import { readFileUsers, type FileUsers } from '../storage/file-users.ts'
import { diskChainOf } from './disk-chain.ts'
import type { DiskChain } from './types.ts'

/** The backing chain of every disk of a VM, running or off, read through libvirt alone. Throws HostDown and VmGone. */
export async function readVmChains(hostName: string, vmUuid: string): Promise<DiskChain[]> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  const { list: snapshots } = await readSnapshots(await host.connection.reader(), vmUuid)
  const users = await readFileUsers(host, await readLayerPaths(host, vm), 'known')
  return Promise.all(
    (vm.description?.disks ?? []).map((disk) => readDiskChain(host, vm, disk, snapshots, users)),
  )
}

/** Every file of the chains of these disks, of all disks unless said. */
export async function readLayerPaths(
  host: Host,
  vm: KnownVm,
  disks: readonly XmlDisk[] = vm.description?.disks ?? [],
): Promise<string[]> {
  const chains = await Promise.all(disks.map((disk) => walkDisk(host.files, disk)))
  const paths = chains.flatMap((chain) => chain.layers.map((layer) => layer.reading.path))
  return [...new Set(paths)].filter((path) => path.startsWith('/'))
}

/** One disk's chain as it is now. */
export async function readDiskChain(
  host: Host,
  vm: KnownVm,
  disk: XmlDisk,
  snapshots: SnapshotMetadata[],
  users: FileUsers,
): Promise<DiskChain> {
  const facts = {
    host: host.name,
    vm,
    snapshots,
    jobs: host.jobs.jobsOf(vm.uuid),
    usesOf: (path: string) => users.of(path),
  }
  return diskChainOf(facts, disk, await walkDisk(host.files, disk))
}
