import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import type { Host } from '../../hosts/host.ts'
import { getFile, withFolder } from '../targets/backup-folder.ts'
import { folderOf, noteCheck, type Backup } from '../catalogue/catalogue.ts'
import { freeBytesOf } from '../targets/look-at-target.ts'
import { MANIFEST_FILE, MANIFEST_MAX_BYTES, readManifest } from '../catalogue/manifest.ts'
import { readBack } from './read-back.ts'
import type { Target } from '../targets/targets.ts'

/** What a check found: null = nothing wrong. */
export type Fault = string | null

/**
 * The manifest as it stands in the directory, and which files are there. Throws Refusal when the target itself can't be reached, which
 * says nothing about the backup.
 */
export async function checkManifest(host: Host, target: Target, backup: Backup): Promise<Fault> {
  await freeBytesOf(host, target)
  try {
    return await host.connection.operate((connect) =>
      withFolder(connect, folderOf(target, backup.id), async (pool) => {
        const text = await getFile(pool, MANIFEST_FILE, MANIFEST_MAX_BYTES)
        if (text === null) return `its ${MANIFEST_FILE} is gone`
        const read = readManifest(text.toString('utf8'))
        if ('problem' in read) return read.problem
        if (read.manifest.seal !== backup.manifest.seal)
          return `its ${MANIFEST_FILE} is another one than the catalogue knows`
        const names = new Set((await pool.listAllVolumes()).map((volume) => volume.name))
        const missing = backup.manifest.files.find((file) => !names.has(file.name))
        return missing ? `${missing.name} is missing` : null
      }),
    )
  } catch (error) {
    if (isLibvirtError(error)) return `its directory can’t be read: ${error.message}`
    throw error
  }
}

/** One file against the manifest, read whole at the host's pace; of an image the structure, too. */
export async function checkFile(
  host: Host,
  target: Target,
  backup: Backup,
  name: string,
  onProgress?: (bytes: number) => Promise<void>,
): Promise<Fault> {
  const wanted = backup.manifest.files.find((file) => file.name === name)!
  try {
    const read = await readBack(host, folderOf(target, backup.id), name, 'kept', {
      onProgress,
      onlyBytes: wanted.bytes,
      expected: backup.manifest.disks.find((disk) => disk.file === name),
    })
    if (read === null) return `${name} is missing`
    if (read.bytes !== wanted.bytes) return `${name} has ${read.bytes} bytes instead of ${wanted.bytes}`
    if (read.sha256 !== wanted.sha256)
      return `${name} was changed since it was written: its SHA-256 is another one`
    return read.fault === null
      ? null
      : `${name} has the bytes that its manifest lists, but its image is not sound: ${read.fault}`
  } catch (error) {
    if (isLibvirtError(error)) return `${name} can’t be read: ${error.message}`
    throw error
  }
}

/** Writes the verdict into the catalogue. */
export async function noteVerdict(target: Target, backup: Backup, fault: Fault): Promise<void> {
  await noteCheck(
    target.id,
    backup.id,
    fault === null ? 'good' : 'damaged',
    fault === null
      ? `All ${backup.manifest.files.length} files are as they were written, and the images’ structure is sound.`
      : `It is damaged: ${fault}.`,
  )
}

/** Why a chain of backups can't be relied on, by the verdicts known; null when nothing is known against it. */
export function chainFault(chain: readonly Backup[]): string | null {
  const damaged = chain.find((backup) => backup.check === 'damaged')
  return damaged
    ? `${damaged.id === chain.at(-1)?.id ? 'It' : `${damaged.id}, on which it rests,`} is damaged. ${damaged.checkNote ?? ''}`.trim()
    : null
}
