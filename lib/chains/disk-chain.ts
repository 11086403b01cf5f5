import type { XmlDisk } from '../hosts/domain-xml.ts'
import { chainIn, readingIn, type WalkedChain, type WalkedLayer } from '../hosts/follow-headers.ts'
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

/** Layers active first. For a running VM the ones QEMU has open count, for one that is off the headers are followed. Pure. */
export function layersIn(
  files: Readonly<Record<string, ImageReading>>,
  vm: { running: boolean },
  disk: XmlDisk,
): WalkedChain {
  if (disk.path === null) return { layers: [], end: 'base' }
  if (!vm.running || disk.layers.length === 0) return chainIn(files, disk.path, disk.format)
  return {
    end: 'base',
    layers: disk.layers.map((layer): WalkedLayer => ({
      reading:
        layer.path === null
          ? {
              kind: 'unreadable',
              path: `(${layer.sourceType} source)`,
              reason: `this layer is of type ${layer.sourceType}, not a file of the host`,
            }
          : readingIn(files, layer.path),
      format: layer.format,
    })),
  }
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
