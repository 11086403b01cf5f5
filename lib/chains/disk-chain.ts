import type { XmlDisk } from '../hosts/domain-xml.ts'
import type { WalkedChain, WalkedLayer } from '../hosts/follow-headers.ts'
import type { ImageReading } from '../hosts/image-files.ts'
import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import type { BlockJobView } from '../hosts/types.ts'
import { nameNeed } from '../storage/describe-use.ts'
import type { FoundUse } from '../storage/file-users.ts'
import { sharersOf } from '../storage/sharers.ts'
import { layerProblems } from './layer-problems.ts'
import { qemuImgInfo } from './qemu-img-info.ts'
import { snapshotRefusal } from './snapshot-refusal.ts'
import type { ChainLayer, DiskChain } from './types.ts'

/** What a chain is made of, read before. */
export interface ChainFacts {
  host: string
  vm: { uuid: string; running: boolean }
  snapshots: readonly SnapshotMetadata[]
  jobs: readonly BlockJobView[]
  /** What needs a file. */
  usesOf(path: string): readonly FoundUse[]
}

/** The definition of a VM that is off names another file below a layer than the layer's own header; null where they agree. Pure. */
export function pinnedOtherwise(
  disk: XmlDisk,
  { reading, format }: WalkedLayer,
  below: WalkedLayer | null,
): string | null {
  if (!disk.pinsBacking || reading.kind !== 'found' || format === 'raw') return null
  const header = reading.backing?.name ?? null
  const pinned = below?.reading.path ?? null
  if ((reading.backing?.path ?? header) === pinned) return null
  return `The VM’s configuration has ${pinned ?? 'nothing'} below ${reading.path}, and its own header names ${header ?? 'nothing'}. The next start opens what the configuration says; tools that read the header open the other.`
}

/** Mode bits let nobody write to it. */
export const isReadOnly = (reading: ImageReading | undefined): boolean =>
  reading?.kind === 'found' && reading.permissions !== null && (reading.permissions.mode & 0o222) === 0

/** One disk's chain as pages show it and plans rest on. Pure. */
export function diskChainOf(facts: ChainFacts, disk: XmlDisk, chain: WalkedChain): DiskChain {
  const nodes = new Map(disk.layers.map((layer) => [layer.path, layer.nodeIndex]))
  const layers = chain.layers.map((walked, index): ChainLayer => {
    const { reading } = walked
    const problems = layerProblems(walked)
    const otherwise = facts.vm.running ? null : pinnedOtherwise(disk, walked, chain.layers[index + 1] ?? null)
    if (otherwise !== null) problems.push({ kind: 'header-differs', sentence: otherwise })
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
      snapshots: facts.snapshots
        .filter((snapshot) =>
          snapshot.disks.some(
            (each) =>
              each.target === disk.target && each.frozenPath === reading.path && each.kind === 'external',
          ),
        )
        .map((snapshot) => snapshot.name),
      internalSnapshots: reading.kind === 'found' ? reading.internalSnapshots.map(({ name }) => name) : [],
      isReadOnly: isReadOnly(reading),
      sharedWith: sharersOf(facts.usesOf(reading.path), {
        host: facts.host,
        vmUuid: facts.vm.uuid,
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
    job: facts.jobs.find((job) => job.target === disk.target) ?? null,
  }
}
