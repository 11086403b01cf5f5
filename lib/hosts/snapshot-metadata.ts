import 'server-only'
import {
  isLibvirtError,
  VIR_ERR_NO_DOMAIN,
  VIR_ERR_NO_DOMAIN_SNAPSHOT,
  type Connect,
  type Domain,
} from 'node-libvirt'
import { describeDomain, type DomainDescription } from './domain-xml.ts'
import { resolveVolumes } from './resolve-volumes.ts'
import { attribute, child, children, childText, parseXml, type XmlElement } from './xml.ts'
import { pathsInXml } from './xml-paths.ts'

export interface SnapshotDiskMetadata {
  target: string
  kind: 'external' | 'internal' | 'no'
  /** File of the overlay that the snapshot made. */
  overlayPath: string | null
  /** The disk's file in the domain as it was then: the layer that was frozen. */
  frozenPath: string | null
  frozenFormat: string | null
  /** libvirt's mark of a delete that was broken off. */
  deleteInProgress: boolean
}

/** What libvirt holds of one snapshot (`virsh snapshot-dumpxml`). */
export interface SnapshotMetadata {
  name: string
  description: string
  createdAtMs: number
  state: string
  parent: string | null
  memory: 'no' | 'internal' | 'external'
  memoryPath: string | null
  disks: SnapshotDiskMetadata[]
  /** What libvirt's next revert away from this snapshot unlinks, unasked: by target (LIBVIRT.md, “Snapshots”). */
  discards: Record<string, string>
  /** The VM as it was then: what a revert defines again. null where libvirt kept none. */
  definition: DomainDescription | null
  /** Every path that this definition names, also of what is no disk: kernel, NVRAM, CD images, folders. */
  namedPaths: string[]
}

export interface Snapshots {
  list: SnapshotMetadata[]
  current: string | null
  /** Those of which libvirt gives no XML: what they need nobody knows. */
  unread: { name: string; reason: string }[]
}

const kindOf = (text: string | null): 'external' | 'internal' | 'no' =>
  text === 'external' || text === 'internal' ? text : 'no'

export function parseSnapshotXml(xml: string): SnapshotMetadata {
  const root = parseXml(xml, 'domainsnapshot')
  const domain = child(root, 'domain')
  const then = domain ? describeDomain(domain) : null
  const memory = child(root, 'memory')
  return {
    name: childText(root, 'name') ?? '',
    description: childText(root, 'description') ?? '',
    createdAtMs: Number(childText(root, 'creationTime') ?? 0) * 1000,
    state: childText(root, 'state') ?? '',
    parent: childText(child(root, 'parent'), 'name'),
    memory: kindOf(attribute(memory, 'snapshot')),
    memoryPath: attribute(memory, 'file'),
    disks: children(child(root, 'disks'), 'disk').map((disk) => ({
      target: attribute(disk, 'name') ?? '',
      kind: kindOf(attribute(disk, 'snapshot')),
      overlayPath: attribute(child(disk, 'source'), 'file') ?? attribute(child(disk, 'source'), 'dev'),
      ...frozenIn(then, attribute(disk, 'name') ?? ''),
      deleteInProgress: child(disk, 'snapshotDeleteInProgress') !== undefined,
    })),
    definition: then,
    discards: discardsOf(root),
    namedPaths: definitionPaths(xml),
  }
}

function frozenIn(
  then: DomainDescription | null,
  target: string,
): { frozenPath: string | null; frozenFormat: string | null } {
  const disk = then?.disks.find((each) => each.target === target)
  return { frozenPath: disk?.path ?? null, frozenFormat: disk?.format ?? null }
}

/** <revertDisks>, else <disks>: a revert unlinks these files where this snapshot is the current one (measured). */
function discardsOf(root: XmlElement): Record<string, string> {
  const disks = children(child(root, 'revertDisks') ?? child(root, 'disks'), 'disk')
  return Object.fromEntries(
    disks.flatMap((disk) => {
      const path = attribute(child(disk, 'source'), 'file')
      const target = attribute(disk, 'name')
      return path === null || target === null || attribute(disk, 'snapshot') !== 'external'
        ? []
        : [[target, path]]
    }),
  )
}

/** Not those in <disks>: the overlays that it made may be long gone, and libvirt does not read them. */
const definitionPaths = (xml: string): string[] => [
  ...new Set(
    [...xml.matchAll(/<(domain|inactiveDomain)[\s>][\s\S]*?<\/\1>/g)].flatMap(([text]) => pathsInXml(text)),
  ),
]

/** With the file of every disk that names a volume. */
export async function resolveSnapshot(
  connect: Connect,
  snapshot: SnapshotMetadata,
): Promise<SnapshotMetadata> {
  if (snapshot.definition === null) return snapshot
  const definition = {
    ...snapshot.definition,
    disks: await resolveVolumes(connect, snapshot.definition.disks),
  }
  return {
    ...snapshot,
    definition,
    disks: snapshot.disks.map((disk) => ({ ...disk, ...frozenIn(definition, disk.target) })),
  }
}

/** All snapshots of a VM; those that can't be read by name only. A snapshot that goes away while we read is left out; a VM that is gone has none. */
export async function readSnapshots(connect: Connect, uuid: string): Promise<Snapshots> {
  try {
    const domain = await connect.domainLookupByUUID(uuid)
    const [snapshots, current] = await Promise.all([domain.listAllSnapshots(), domain.snapshotCurrent()])
    const unread: Snapshots['unread'] = []
    const list = await Promise.all(
      snapshots.map(async (snapshot) => {
        const xml = await snapshot.getXMLDesc().catch((error: unknown) => {
          if (!isLibvirtError(error)) throw error
          if (error.code !== VIR_ERR_NO_DOMAIN_SNAPSHOT && error.code !== VIR_ERR_NO_DOMAIN)
            unread.push({ name: snapshot.name, reason: error.message })
          return null
        })
        return xml === null ? [] : [await resolveSnapshot(connect, parseSnapshotXml(xml))]
      }),
    )
    return { list: oldestFirst(list.flat()), current: current?.name ?? null, unread }
  } catch (error) {
    if (isLibvirtError(error, VIR_ERR_NO_DOMAIN)) return { list: [], current: null, unread: [] }
    throw error
  }
}

/** Whether libvirt knows a snapshot of this name. */
export async function hasSnapshot(domain: Domain, name: string): Promise<boolean> {
  return domain.snapshotLookupByName(name).then(
    () => true,
    (error: unknown) => {
      if (isLibvirtError(error, VIR_ERR_NO_DOMAIN_SNAPSHOT)) return false
      throw error
    },
  )
}

/** By creation time; within one second, which is as fine as libvirt tells it, parents before their children. */
export function oldestFirst(snapshots: readonly SnapshotMetadata[]): SnapshotMetadata[] {
  const byName = new Map(snapshots.map((snapshot) => [snapshot.name, snapshot]))
  const depth = (snapshot: SnapshotMetadata): number => {
    let count = 0
    // Bounded: metadata that someone edited by hand may go in a circle.
    for (let parent = snapshot.parent; parent !== null && count < snapshots.length; count++)
      parent = byName.get(parent)?.parent ?? null
    return count
  }
  return [...snapshots].sort(
    (a, b) => a.createdAtMs - b.createdAtMs || depth(a) - depth(b) || a.name.localeCompare(b.name),
  )
}
