import 'server-only'
import {
  isLibvirtError,
  VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT,
  VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY,
  VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE,
  VIR_DOMAIN_XML_INACTIVE,
  VIR_DOMAIN_XML_MIGRATABLE,
  VIR_DOMAIN_XML_SECURE,
  type Domain,
} from 'node-libvirt'
import { DomainCalls } from '../hosts/described-calls.ts'
import { parseDomainXml } from '../hosts/domain-xml.ts'
import { hasSnapshot } from '../hosts/snapshot-metadata.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { snapshotEntryXml, type DomainBefore } from './snapshot-xml.ts'
import type { SnapshotRequest } from './snapshot-request.ts'

/**
 * The VM as the entry of a snapshot holds it, read before the disks are switched: afterwards nobody can tell it. null when a disk
 * writes to its overlay already, as after a crash of the app in the middle.
 */
export async function readBefore(domain: Domain, request: SnapshotRequest): Promise<DomainBefore | null> {
  const [liveXml, inactiveXml, current] = await Promise.all([
    domain.getXMLDesc([VIR_DOMAIN_XML_SECURE, VIR_DOMAIN_XML_MIGRATABLE]),
    domain
      .isPersistent()
      .then((is) => (is ? domain.getXMLDesc([VIR_DOMAIN_XML_SECURE, VIR_DOMAIN_XML_INACTIVE]) : null)),
    domain.snapshotCurrent(),
  ])
  if (switchedDisks(liveXml, request).length > 0) return null
  return { liveXml, inactiveXml, parent: current?.name ?? null, atMs: Date.now() }
}

/**
 * Looks at what became of a snapshot that libvirt reports as failed: it switches the disks, then fails at the thaw and drops its
 * entry (lib/hosts/LIBVIRT.md, “Freezing”). Returns when the snapshot was taken after all, its entry made anew from `before` where
 * libvirt has none. Throws `error` itself when no disk was switched, and Refusal when what stands is neither.
 */
export async function settleFailedCreate(
  uri: string,
  domain: Domain,
  request: SnapshotRequest,
  before: DomainBefore | null,
  error: Error,
  call: LogCall,
): Promise<void> {
  const switched = switchedDisks(await xmlNow(domain, error), request)
  if (switched.length === 0) throw error
  const writing = `${switched.join(', ')} ${switched.length === 1 ? 'writes to a new overlay' : 'write to new overlays'}`
  const remedy =
    'No data is lost. Merge what was added down on the VM’s page, and then take the snapshot anew.'
  if (switched.length < request.disks.filter((disk) => disk.overlayPath !== null).length)
    throw new Refusal(
      `libvirt reported that the snapshot failed (${error.message}), but ${writing}, and not every disk does. ${remedy}`,
    )
  if (request.withoutMetadata || (await hasSnapshot(domain, request.name))) return
  const missing = (why: string) =>
    new Refusal(
      `libvirt reported that the snapshot failed (${error.message}). The disks were switched all the same: ${writing}, but libvirt has no entry for the snapshot, so that it can’t be reverted to${why}. ${remedy}`,
    )
  if (before === null) throw missing('')
  try {
    await call(
      new DomainCalls(uri, domain).snapshotCreateXML(
        snapshotEntryXml(request.name, request.description, request.disks, before),
        [
          VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE,
          VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT,
          VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY,
        ],
      ),
    )
  } catch (redefineError) {
    if (!isLibvirtError(redefineError)) throw redefineError
    throw missing(`, and it took none (${redefineError.message})`)
  }
}

/** Targets of the disks that write to their overlays in this XML. */
const switchedDisks = (xml: string, request: SnapshotRequest): string[] =>
  parseDomainXml(xml).disks.flatMap(({ target, path }) =>
    path !== null && request.disks.some((disk) => disk.target === target && disk.overlayPath === path)
      ? [target]
      : [],
  )

async function xmlNow(domain: Domain, error: Error): Promise<string> {
  try {
    return await domain.getXMLDesc()
  } catch (readError) {
    if (!isLibvirtError(readError)) throw readError
    throw new Refusal(
      `libvirt reported that the snapshot failed (${error.message}), and what the disks write to now can’t be read (${readError.message}). Look at the chains on the VM’s page before you go on.`,
    )
  }
}
