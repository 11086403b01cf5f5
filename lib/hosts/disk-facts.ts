import 'server-only'
import type { DomainDescription } from './domain-xml.ts'
import type { ImageFiles } from './image-files.ts'
import type { Attention, DiskSummary } from './types.ts'
import { walkDisk } from './walk-chain.ts'

/** Facts of files that the list shows may be this old: reading a layer takes 4 ms (measured). */
const FACTS_AGE_MS = 20_000

export interface DiskFacts {
  disks: DiskSummary[]
  /** Files of each disk's chain, by target, active layer first. */
  paths: Map<string, string[]>
  broken: Attention[]
}

/** Disks as the XML names them, before any file was looked at. */
export function disksFromXml(description: DomainDescription): DiskSummary[] {
  return description.disks.map((disk) => ({
    target: disk.target,
    device: disk.device,
    path: disk.path,
    format: disk.format,
    chainDepth: disk.layers.length > 1 ? disk.layers.length : null,
    virtualBytes: null,
    allocatedBytes: null,
  }))
}

/** Depth and sizes of every disk's chain, and what is broken. Throws only when the host is lost. */
export async function readDiskFacts(files: ImageFiles, description: DomainDescription): Promise<DiskFacts> {
  const broken: Attention[] = []
  const disks: DiskSummary[] = []
  const paths = new Map<string, string[]>()
  for (const [index, summary] of disksFromXml(description).entries()) {
    const disk = description.disks[index]!
    if (disk.path === null || !['file', 'volume'].includes(disk.sourceType)) {
      disks.push(summary)
      continue
    }
    const chain = await walkDisk(files, disk, FACTS_AGE_MS)
    paths.set(
      disk.target,
      chain.layers.map((layer) => layer.reading.path),
    )
    const found = chain.layers.flatMap((layer) => (layer.reading.kind === 'found' ? [layer.reading] : []))
    for (const { reading } of chain.layers)
      if (reading.kind !== 'found' && reading.path.startsWith('/'))
        broken.push({ kind: 'broken-chain', sentence: `${disk.target}: ${reading.reason}` })
    if (chain.end === 'loop')
      broken.push({ kind: 'broken-chain', sentence: `${disk.target}: its backing files form a loop` })
    disks.push({
      ...summary,
      chainDepth: chain.layers.length,
      virtualBytes: found[0]?.virtualBytes ?? null,
      allocatedBytes: found.length === 0 ? null : found.reduce((sum, each) => sum + each.allocatedBytes, 0),
    })
  }
  return { disks, paths, broken }
}
