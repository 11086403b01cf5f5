import 'server-only'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { readSnapshots, type SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { walkChain, type WalkedChain, type WalkedLayer } from '../hosts/walk-chain.ts'
import { layerProblems } from './layer-problems.ts'
import { qemuImgInfo } from './qemu-img-info.ts'
import { snapshotRefusal } from './snapshot-refusal.ts'
import type { ChainLayer, DiskChain, DiskUser } from './types.ts'

/** The backing chain of every disk of a VM, running or off, read through libvirt alone. Throws HostDown and VmGone. */
export async function readVmChains(hostName: string, vmUuid: string): Promise<DiskChain[]> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  const { list: snapshots } = await readSnapshots(await host.connection.reader(), vmUuid)
  const users = await readDiskUsers(host, 'known')
  return Promise.all(
    (vm.description?.disks ?? []).map((disk) => readDiskChain(host, vm, disk, snapshots, users)),
  )
}

/** One disk's chain as it is now. */
export async function readDiskChain(
  host: Host,
  vm: KnownVm,
  disk: XmlDisk,
  snapshots: SnapshotMetadata[],
  users: Map<string, DiskUser[]>,
): Promise<DiskChain> {
  const chain = await walkDisk(host, vm, disk)
  const nodes = new Map(disk.layers.map((layer) => [layer.path, layer.nodeIndex]))
  const layers = chain.layers.map((walked, index): ChainLayer => {
    const { reading } = walked
    const problems = layerProblems(walked)
    if (index === chain.layers.length - 1 && chain.end === 'loop')
      problems.push({
        kind: 'loop',
        sentence: `The backing file of ${reading.path} is a layer above it: the chain is a loop and has no base.`,
      })
    if (index === chain.layers.length - 1 && chain.end === 'too-deep')
      problems.push({
        kind: 'too-deep',
        sentence: `The chain has more than ${chain.layers.length} layers; the rest is not shown.`,
      })
    return {
      path: reading.path,
      format: walked.format ?? (reading.kind === 'found' ? reading.detectedFormat : null),
      virtualBytes: reading.kind === 'found' ? reading.virtualBytes : null,
      allocatedBytes: reading.kind === 'found' ? reading.allocatedBytes : null,
      nodeIndex: nodes.get(reading.path) ?? null,
      isActive: index === 0,
      isBase: index === chain.layers.length - 1 && chain.end === 'base',
      snapshots: snapshots
        .filter((snapshot) =>
          snapshot.disks.some(
            (each) =>
              each.target === disk.target && each.frozenPath === reading.path && each.kind === 'external',
          ),
        )
        .map((snapshot) => snapshot.name),
      sharedWith: (users.get(reading.path) ?? []).filter(
        (user) => user.vmUuid !== vm.uuid || user.target !== disk.target,
      ),
      problems,
    }
  })
  return {
    target: disk.target,
    device: disk.device,
    bus: disk.bus,
    readonly: disk.readonly,
    shareable: disk.shareable,
    layers: layers.reverse(),
    qemuImgInfo: chain.layers
      .flatMap(({ reading, format }) =>
        reading.kind === 'found'
          ? [qemuImgInfo(reading, format ?? reading.detectedFormat)]
          : [`qemu-img: ${reading.reason}`],
      )
      .join('\n\n'),
    snapshotRefusal: snapshotRefusal(disk),
    job: host.jobs.jobsOf(vm.uuid).find((job) => job.target === disk.target) ?? null,
  }
}

/** Layers active first. For a running VM the ones QEMU has open count, for one that is off the headers are followed. */
async function walkDisk(host: Host, vm: KnownVm, disk: XmlDisk): Promise<WalkedChain> {
  if (disk.path === null) return { layers: [], end: 'base' }
  if (!vm.running || disk.layers.length === 0) return walkChain(host.files, disk.path, disk.format)
  const layers = await Promise.all(
    disk.layers.map(async (layer): Promise<WalkedLayer> => ({
      reading:
        layer.path === null
          ? {
              kind: 'unreadable',
              path: `(${layer.sourceType} source)`,
              reason: `this layer is of type ${layer.sourceType}, not a file of the host`,
            }
          : await host.files.read(layer.path),
      format: layer.format,
    })),
  )
  return { layers, end: 'base' }
}

/**
 * Which disks of which VMs of this host hold each file. 'now' follows every chain anew, for decisions;
 * 'known' takes what the list knows (up to 20 s old) where it can, for pages.
 */
export async function readDiskUsers(host: Host, age: 'now' | 'known'): Promise<Map<string, DiskUser[]>> {
  const users = new Map<string, DiskUser[]>()
  for (const vm of await host.inventory.vms()) {
    for (const disk of vm.description?.disks ?? []) {
      if (disk.path === null) continue
      const open =
        vm.running && disk.layers.length > 0
          ? disk.layers.flatMap((layer) => (layer.path === null ? [] : [layer.path]))
          : null
      const known = age === 'known' ? vm.facts?.paths.get(disk.target) : undefined
      const paths =
        open ??
        known ??
        (await walkChain(host.files, disk.path, disk.format)).layers.map((layer) => layer.reading.path)
      for (const path of paths) {
        const user = {
          host: host.name,
          vmUuid: vm.uuid,
          vmName: vm.name,
          target: disk.target,
          running: vm.running,
        }
        users.set(path, [...(users.get(path) ?? []), user])
      }
    }
  }
  return users
}
