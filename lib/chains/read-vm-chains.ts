import 'server-only'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { readSnapshots, type SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { walkChain, type WalkedChain, type WalkedLayer } from '../hosts/walk-chain.ts'
import { nameNeed } from '../storage/describe-use.ts'
import { readFileUsers, type FileUsers } from '../storage/file-users.ts'
import { sharersOf } from '../storage/sharers.ts'
import { layerProblems } from './layer-problems.ts'
import { qemuImgInfo } from './qemu-img-info.ts'
import { snapshotRefusal } from './snapshot-refusal.ts'
import type { ChainLayer, DiskChain } from './types.ts'

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
  const chains = await Promise.all(disks.map((disk) => walkDisk(host, vm, disk)))
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
      internalSnapshots: reading.kind === 'found' ? reading.internalSnapshots.map(({ name }) => name) : [],
      isReadOnly:
        reading.kind === 'found' && reading.permissions !== null && (reading.permissions.mode & 0o222) === 0,
      sharedWith: sharersOf(users.of(reading.path), {
        host: host.name,
        vmUuid: vm.uuid,
        target: disk.target,
      }).map((use) => ({
        host: use.host,
        vmUuid: use.vmUuid,
        vmName: use.vmName,
        running: use.running,
        need: nameNeed(use),
      })),
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
