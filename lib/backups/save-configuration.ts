import 'server-only'
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { isLibvirtError, VIR_DOMAIN_XML_INACTIVE, VIR_DOMAIN_XML_SECURE, type Connect } from 'node-libvirt'
import type { Host } from '../hosts/host.ts'
import { child, childText, parseXml } from '../hosts/xml.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { fileBytes, findVolume, readBytes, withFolder } from './targets/backup-folder.ts'
import { DOMAIN_FILE, NVRAM_FILE, type BackupFile } from './catalogue/manifest.ts'
import { inOwnFolder } from './targets/own-folder.ts'
import type { Target } from './targets/targets.ts'
import { tpmNote } from './restore/tpm-note.ts'

/** A firmware's variables are 64 KiB to some MiB. */
const NVRAM_MAX_BYTES = 64 * 1024 * 1024

export interface SavedConfiguration {
  /** What was written beside the disks, with its length and hash: what is read back must be that. */
  files: BackupFile[]
  nvram: string | null
  /** What of the VM is not part of the backup. */
  notes: string[]
}

/**
 * Writes the VM's XML, secrets included, and its NVRAM beside the disks. The XML is the one it starts from next, as `virsh define`
 * takes it; of a transient VM the one it runs with.
 */
export async function saveConfiguration(
  host: Host,
  uuid: string,
  target: Target,
  backupId: string,
  call: LogCall,
): Promise<SavedConfiguration> {
  return host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByUUID(uuid)
    const xml = await domain.getXMLDesc(
      (await domain.isPersistent())
        ? [VIR_DOMAIN_XML_SECURE, VIR_DOMAIN_XML_INACTIVE]
        : VIR_DOMAIN_XML_SECURE,
    )
    const root = parseXml(xml, 'domain')
    const nvramPath = childText(child(root, 'os'), 'nvram')?.trim() || null
    const notes: string[] = []
    const nvram = nvramPath === null ? null : await readNvram(connect, nvramPath)
    if (typeof nvram === 'string')
      notes.push(
        `Its NVRAM (${nvramPath}), the variables of its firmware, is not part of the backup: ${nvram}. Restored it starts with fresh ones.`,
      )
    const tpm = tpmNote(root)
    if (tpm !== null) notes.push(tpm)
    if (await domain.hasManagedSaveImage())
      notes.push(
        'Its saved state (managed save) is not part of the backup: restored it starts anew from its disks, as after a power cut.',
      )
    await inOwnFolder(connect, target, backupId, call, async (writer) => {
      await writer.putFile(DOMAIN_FILE, Buffer.from(xml))
      if (Buffer.isBuffer(nvram)) await writer.putFile(NVRAM_FILE, nvram)
    })
    return {
      files: [
        written(DOMAIN_FILE, Buffer.from(xml)),
        ...(Buffer.isBuffer(nvram) ? [written(NVRAM_FILE, nvram)] : []),
      ],
      nvram: Buffer.isBuffer(nvram) ? NVRAM_FILE : null,
      notes,
    }
  })
}

const written = (name: string, bytes: Buffer): BackupFile => ({
  name,
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
})

/** The NVRAM's bytes, or why they can't be had. */
async function readNvram(connect: Connect, path: string): Promise<Buffer | string> {
  try {
    return await withFolder(connect, posix.dirname(path), async (pool) => {
      const volume = await findVolume(pool, posix.basename(path))
      // It is made at the first start.
      if (volume === null) return 'there is no such file yet'
      const bytes = await fileBytes(volume)
      return bytes > NVRAM_MAX_BYTES
        ? `it is too large to be one (${bytes} bytes)`
        : await readBytes(volume, 0, bytes)
    })
  } catch (error) {
    if (isLibvirtError(error)) return error.message
    throw error
  }
}
