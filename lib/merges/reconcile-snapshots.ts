import 'server-only'
import {
  isLibvirtError,
  VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE,
  VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY,
  VIR_DOMAIN_SNAPSHOT_XML_SECURE,
  VIR_ERR_NO_DOMAIN_SNAPSHOT,
  type Domain,
} from 'node-libvirt'
import { DomainCalls } from '../hosts/described-calls.ts'
import {
  DISK_XML,
  repinBacking,
  sourceName,
  sourceType,
  stripBacking,
  type PinnedLayer,
} from '../hosts/pin-backing.ts'
import type { Host } from '../hosts/host.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import type { LogCall } from '../jobs/step-log.ts'

/** Where the calls go to, and how they are recorded. */
export interface Naming {
  uri: string
  call: LogCall
}

export interface MovedLayer {
  /** The disk now; when a snapshot was taken it may have had another name. */
  target: string
  fromPath: string
  toPath: string
  toFormat: string
}

/** Removes the metadata of snapshots whose data the merge used up. blockCommit leaves it behind (lib/node-libvirt/WIRE.md, section 10). */
export async function forgetSnapshots(
  domain: Domain,
  names: readonly string[],
  { uri, call }: Naming,
): Promise<void> {
  for (const name of names) {
    try {
      const snapshot = await domain.snapshotLookupByName(name)
      await call(
        new DomainCalls(uri, domain).snapshotDelete(snapshot, VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY),
      )
    } catch (error) {
      if (!isLibvirtError(error, VIR_ERR_NO_DOMAIN_SNAPSHOT)) throw error
    }
  }
}

/** Tells libvirt that what these snapshots froze now lies in another layer: the one that received it. */
export async function moveSnapshots(
  domain: Domain,
  names: readonly string[],
  moved: MovedLayer,
  naming: Naming,
): Promise<void> {
  for (const name of names) await redefineSnapshot(domain, name, (xml) => moveLayer(xml, moved), naming)
}

/**
 * Has every snapshot whose definition names one of these files below a disk, or no longer says what lies there, name what lies
 * there now. The definition of a snapshot of a running VM pins its layers, a merge by block job leaves that as it was, and a
 * revert to it would stop the guest and find a file that is gone (measured).
 */
export async function repinSnapshots(
  host: Host,
  domain: Domain,
  gone: readonly string[],
  moved: readonly string[],
  naming: Naming,
): Promise<void> {
  host.files.forget()
  const { list } = await readSnapshots(await host.connection.reader(), domain.uuid)
  for (const { name, definition } of list) {
    const disks = definition?.disks ?? []
    const names = disks.some((disk) => disk.layers.slice(1).some((layer) => gone.includes(layer.path ?? '')))
    if (!names && !moved.includes(name)) continue
    const below = new Map<string, PinnedLayer[] | null>()
    for (const { path, format } of disks)
      if (path !== null) below.set(path, await readBelow(host, path, format))
    await redefineSnapshot(
      domain,
      name,
      (xml) => repinBacking(xml, gone, (path) => below.get(path) ?? null),
      naming,
    )
  }
}

/** null where the chain could not be followed to its base: then the images' own headers say it. */
async function readBelow(host: Host, path: string, format: string | null): Promise<PinnedLayer[] | null> {
  const { layers, end } = await walkChain(host.files, path, format, 0)
  if (end !== 'base') return null
  return layers.slice(1).map(({ reading, format: recorded }) => ({
    path: reading.path,
    format: recorded ?? (reading.kind === 'found' ? reading.detectedFormat : 'raw'),
  }))
}

/** Gives libvirt its own entry of a snapshot with a change, passwords and all; none is made where nothing differs. The current one stays current. */
export async function redefineSnapshot(
  domain: Domain,
  name: string,
  change: (xml: string) => string,
  { uri, call }: Naming,
): Promise<void> {
  const xml = await (await domain.snapshotLookupByName(name)).getXMLDesc(VIR_DOMAIN_SNAPSHOT_XML_SECURE)
  const changed = change(xml)
  if (changed === xml) return
  // The flag for the current one would drop what it remembers of a revert (<revertDisks>); without, it stays the current one.
  await call(new DomainCalls(uri, domain).snapshotCreateXML(changed, VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE))
}

/** The snapshot's XML with the disk's frozen layer named anew; everything else stays to the letter. Pure. */
export function moveLayer(xml: string, { fromPath, toPath, toFormat }: MovedLayer): string {
  const from = sourceName(fromPath)
  return xml.replace(DISK_XML, (disk) => {
    // By its file, not by its target: the disk may have had another one when the snapshot was taken.
    // The layers below changed, too: what lies there now is pinned afterwards (repinSnapshots).
    const bare = stripBacking(disk)
    if (!bare.includes('<target ') || !bare.includes(from)) return disk
    return bare
      .replace(/^<disk type='[^']*'/, `<disk type='${sourceType(toPath)}'`)
      .replace(from, () => sourceName(toPath))
      .replace(/(<driver [^>]*type=')[^']*'/, (_, before: string) => `${before}${toFormat}'`)
  })
}
