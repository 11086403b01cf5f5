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
import { escapeXml } from '../hosts/xml.ts'
import type { LogCall } from '../jobs/step-log.ts'

/** Where the calls go to, and how they are recorded. */
export interface Naming {
  uri: string
  call: LogCall
}

export interface MovedLayer {
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

/** The layers below changed, too: without <backingStore> libvirt reads them from the images. */
function withoutBackingStore(disk: string): string {
  const start = disk.indexOf('<backingStore')
  if (start === -1) return disk
  const end = disk.lastIndexOf('</backingStore>')
  if (end > start) return disk.slice(0, start) + disk.slice(end + '</backingStore>'.length)
  return disk.replace(/\s*<backingStore\s*\/>/g, '')
}

/** The snapshot's XML with the disk's frozen layer named anew; everything else stays to the letter. Pure. */
export function moveLayer(xml: string, { target, fromPath, toPath, toFormat }: MovedLayer): string {
  const from = `file='${escapeXml(fromPath)}'`
  return xml.replace(/<disk [\s\S]*?<\/disk>/g, (disk) => {
    if (!disk.includes(`<target dev='${escapeXml(target)}'`) || !disk.includes(from)) return disk
    return withoutBackingStore(disk)
      .replace(from, () => `file='${escapeXml(toPath)}'`)
      .replace(/(<driver [^>]*type=')[^']*'/, (_, before: string) => `${before}${toFormat}'`)
  })
}
