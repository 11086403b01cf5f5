import 'server-only'
import { requireHost } from '../../hosts/find-vm.ts'
import type { Connect } from 'node-libvirt'
import type { Host } from '../../hosts/host.ts'
import { getFile, listFolders, withFolder } from '../targets/backup-folder.ts'
import type { HostOffer } from '../restore/confine-domain.ts'
import { folderOf, forgetBackup, listBackups, noteBackup, noteCheck, type Backup } from './catalogue.ts'
import { freeBytesOf } from '../targets/look-at-target.ts'
import { noteForeign } from './foreign-backups.ts'
import {
  MANIFEST_FILE,
  MANIFEST_MAX_BYTES,
  readManifest,
  SafeName,
  SIGNATURE_FILE,
  type Manifest,
} from './manifest.ts'
import { rememberCheckpoint } from '../push/own-checkpoints.ts'
import { DOMAIN_XML_MAX_BYTES, fileFault, readOffer } from '../restore/read-saved.ts'
import { demandsOf, kindOf } from '../restore/restored-xml.ts'
import { signBackups } from './sign-backups.ts'
import { isSignedByUs, SIGNATURE_MAX_BYTES, signingKeyId } from './sign-manifest.ts'
import { requireTarget } from '../targets/targets.ts'
import { store } from '../../store/store.ts'

/** How the note of a verdict begins that a rescan made, and that the next one may take back. */
const FOUND = 'A rescan found: '

export interface Rebuilt {
  /** Ids of this Keyframe's backups that stand there. */
  found: string[]
  /** Ids of backups that another Keyframe wrote, or this one with a key that is gone: an admin can adopt them. */
  foreign: string[]
  /** Ids of this Keyframe's backups that had no signature, and have one again. */
  unsigned: string[]
  /** Ids that the catalogue knew and that are gone. */
  gone: string[]
  /** Directories that are no backup, each with the reason: a backup that was not finished, or not ours. */
  unreadable: { name: string; problem: string }[]
}

/**
 * Makes the catalogue of a target anew from what its directory holds. Verdicts of checks are kept where the manifest is the same. A manifest counts when the
 * catalogue holds the very same, or when this Keyframe signed it: whoever can write to the target can make one whose seal fits.
 * Throws Refusal, with the catalogue as it was, when the directory can't be reached.
 */
export async function rebuildCatalogue(targetId: string): Promise<Rebuilt> {
  const target = await requireTarget(targetId)
  const host = requireHost(target.host)
  await freeBytesOf(host, target)
  // Before the look: what is made meanwhile is not gone.
  const before = await listBackups({ targetId })
  await forgetUnreadable(targetId, before)
  const standing = new Set<string>()
  const rebuilt: Rebuilt = { found: [], foreign: [], unsigned: [], gone: [], unreadable: [] }
  const foreign: Parameters<typeof noteForeign>[1][number][] = []
  const offerFor = offersByKind(host)
  await host.connection.operate(async (connect) => {
    for (const name of await withFolder(connect, target.path, listFolders)) {
      standing.add(name)
      if (!SafeName.safeParse(name).success) continue
      const found = await readFolder(connect, folderOf(target, name), name)
      const known = before.find((each) => each.id === name)
      if ('problem' in found) {
        // What can't be read just now says nothing about the backup.
        if (known !== undefined && found.isCertain)
          await noteCheck(targetId, name, 'damaged', `${FOUND}${found.problem}.`)
        rebuilt.unreadable.push({ name, problem: found.problem })
        continue
      }
      const { manifest, text, signed } = found
      const isSame = known !== undefined && known.manifest.seal === manifest.seal
      if (isSame || signed) {
        await noteBackup(target, manifest, text, signed ? signingKeyId() : null)
        if (known?.checkNote?.startsWith(FOUND)) await noteCheck(targetId, name, 'unchecked', '')
        if (!signed) {
          await noteUnsigned(targetId, name)
          rebuilt.unsigned.push(name)
        }
        if (manifest.checkpoint !== null)
          await rememberCheckpoint(target.host, manifest.vm.uuid, manifest.checkpoint)
        rebuilt.found.push(name)
      } else if (known !== undefined) {
        await noteCheck(
          targetId,
          name,
          'damaged',
          `${FOUND}its ${MANIFEST_FILE} is another one than Keyframe wrote.`,
        )
        rebuilt.unreadable.push({
          name,
          problem: `its ${MANIFEST_FILE} is another one than Keyframe wrote, and not signed by it: it was changed`,
        })
      } else {
        foreign.push({
          id: name,
          vmUuid: manifest.vm.uuid,
          text,
          demands: await readDemands(offerFor, connect, folderOf(target, name), manifest),
        })
        rebuilt.foreign.push(name)
      }
    }
  })
  await noteForeign(target, foreign)
  for (const known of before) {
    // One whose directory stands there and can't be read just now is not gone: what rests on it would be taken for lost.
    if (standing.has(known.id)) continue
    rebuilt.gone.push(known.id)
    await forgetBackup(targetId, known.id)
  }
  await signBackups(target)
  return rebuilt
}

/** Takes out of the catalogue what an older Keyframe noted and this one can't read; what stands in the target is looked at as if it were new. */
async function forgetUnreadable(targetId: string, readable: readonly Backup[]): Promise<void> {
  const all = await store().selectFrom('backups').select('id').where('target_id', '=', targetId).execute()
  for (const { id } of all) if (!readable.some((backup) => backup.id === id)) await forgetBackup(targetId, id)
}

/** Its signature is missing, or another Keyframe's: it is written again. */
async function noteUnsigned(targetId: string, id: string): Promise<void> {
  await store()
    .updateTable('backups')
    .set({ signed_with: null })
    .where('target_id', '=', targetId)
    .where('id', '=', id)
    .execute()
}

/** The manifest in a backup's directory, and whether this Keyframe signed it; or why it is no backup. */
async function readFolder(
  connect: Connect,
  folder: string,
  name: string,
): Promise<{ manifest: Manifest; text: string; signed: boolean } | { problem: string; isCertain: boolean }> {
  try {
    const [bytes, signature] = await withFolder(connect, folder, async (pool) => [
      await getFile(pool, MANIFEST_FILE, MANIFEST_MAX_BYTES),
      await getFile(pool, SIGNATURE_FILE, SIGNATURE_MAX_BYTES).catch(() => null),
    ])
    if (bytes == null)
      return {
        problem: `it has no ${MANIFEST_FILE}: a backup that was not finished, or none`,
        isCertain: true,
      }
    const text = bytes.toString('utf8')
    const read = readManifest(text)
    if ('problem' in read) return { ...read, isCertain: true }
    if (read.manifest.id !== name)
      return {
        problem: `it is the backup ${read.manifest.id}, renamed: increments would not find it`,
        isCertain: true,
      }
    return { manifest: read.manifest, text, signed: isSignedByUs(text, signature?.toString('utf8') ?? null) }
  } catch (error) {
    if (error instanceof Error) return { problem: error.message, isCertain: false }
    throw error
  }
}

/** Reads what the host offers once for each kind of guest: it takes the XML of every VM, and a target may hold hundreds of backups. */
function offersByKind(host: Host): (xml: string) => Promise<HostOffer> {
  const offers = new Map<string, HostOffer>()
  return async (xml) => {
    const kind = JSON.stringify(kindOf(xml))
    const offer = offers.get(kind) ?? (await readOffer(host, xml))
    offers.set(kind, offer)
    return offer
  }
}

/** What the configuration of a foreign backup asks of the host; null when it can't be read, or is not the one in its manifest. */
async function readDemands(
  offerFor: (xml: string) => Promise<HostOffer>,
  connect: Connect,
  folder: string,
  manifest: Manifest,
) {
  try {
    const bytes = await withFolder(connect, folder, (pool) =>
      getFile(pool, manifest.domainXml, DOMAIN_XML_MAX_BYTES),
    )
    if (
      bytes === null ||
      fileFault(
        bytes,
        manifest.files.find((file) => file.name === manifest.domainXml),
      ) !== null
    )
      return null
    const xml = bytes.toString('utf8')
    return demandsOf(xml, await offerFor(xml))
  } catch {
    return null
  }
}
