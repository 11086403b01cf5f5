import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import { requireHost } from '../hosts/find-vm.ts'
import { getFile, listFolders, withFolder } from './backup-folder.ts'
import { folderOf, forgetBackup, listBackups, noteBackup } from './catalogue.ts'
import { freeBytesOf } from './look-at-target.ts'
import { MANIFEST_FILE, MANIFEST_MAX_BYTES, readManifest, SafeName } from './manifest.ts'
import { rememberCheckpoint } from './own-checkpoints.ts'
import { requireTarget } from './targets.ts'

export interface Rebuilt {
  /** Ids of the backups that stand there. */
  found: string[]
  /** Ids that the catalogue knew and that are gone. */
  gone: string[]
  /** Directories that are no backup, each with the reason: a backup that was not finished, or not ours. */
  unreadable: { name: string; problem: string }[]
}

/**
 * Makes the catalogue of a target anew from what its directory holds. Verdicts of checks are kept where the manifest is the same.
 * Throws Refusal, with the catalogue as it was, when the directory can't be reached.
 */
export async function rebuildCatalogue(targetId: string): Promise<Rebuilt> {
  const target = await requireTarget(targetId)
  const host = requireHost(target.host)
  await freeBytesOf(host, target)
  // Before the look: what is made meanwhile is not gone.
  const before = await listBackups({ targetId })
  const standing = new Set<string>()
  const rebuilt: Rebuilt = { found: [], gone: [], unreadable: [] }
  await host.connection.operate(async (connect) => {
    for (const name of await withFolder(connect, target.path, listFolders)) {
      standing.add(name)
      if (!SafeName.safeParse(name).success) continue
      const text = await withFolder(connect, folderOf(target, name), (pool) => getFile(pool, MANIFEST_FILE, MANIFEST_MAX_BYTES)).catch((error: unknown) => { if (isLibvirtError(error)) return error; throw error })
      const read = text === null ? { problem: `it has no ${MANIFEST_FILE}: a backup that was not finished, or none` } : isLibvirtError(text) ? { problem: text.message } : readManifest(text.toString('utf8'))
      if ('problem' in read) rebuilt.unreadable.push({ name, problem: read.problem })
      else if (read.manifest.id !== name) rebuilt.unreadable.push({ name, problem: `it is the backup ${read.manifest.id}, renamed: increments would not find it` })
      else {
        await noteBackup(target, read.manifest, (text as Buffer).toString('utf8'))
        if (read.manifest.checkpoint !== null) await rememberCheckpoint(target.host, read.manifest.vm.uuid, read.manifest.checkpoint)
        rebuilt.found.push(name)
      }
    }
  })
  for (const known of before) {
    // One whose directory stands there and can't be read just now is not gone: what rests on it would be taken for lost.
    if (standing.has(known.id)) continue
    rebuilt.gone.push(known.id)
    await forgetBackup(targetId, known.id)
  }
  return rebuilt
}
