import 'server-only'
import { createHash } from 'node:crypto'
import { isLibvirtError } from 'node-libvirt'
import { readFirmware, readFirmwareInUse } from '../../hosts/firmware.ts'
import { readEmulators } from '../../hosts/helper-domain.ts'
import type { Host } from '../../hosts/host.ts'
import { Refusal } from '../../jobs/refusal.ts'
import { getFile, withFolder } from '../targets/backup-folder.ts'
import { folderOf, type Backup } from '../catalogue/catalogue.ts'
import type { HostOffer } from './confine-domain.ts'
import type { BackupFile } from '../catalogue/manifest.ts'
import { kindOf } from './restored-xml.ts'
import type { Target } from '../targets/targets.ts'

export const DOMAIN_XML_MAX_BYTES = 4 * 1024 * 1024
const NVRAM_MAX_BYTES = 64 * 1024 * 1024

export interface Saved {
  xml: string
  nvram: Buffer | null
}

/** Why these bytes are not the file that the manifest lists, a part of a sentence; null when they are. Pure. */
export function fileFault(bytes: Buffer | null, wanted: BackupFile | undefined): string | null {
  if (bytes === null || wanted === undefined) return 'is gone'
  if (bytes.length !== wanted.bytes || createHash('sha256').update(bytes).digest('hex') !== wanted.sha256)
    return 'was changed since it was written'
  return null
}

/**
 * The configuration and NVRAM of a backup, as its manifest in the catalogue says they are: the bytes that were compared are those that
 * are given back. Throws Refusal when they differ: whoever can write to a target must not choose what is restored.
 */
export async function readSaved(host: Host, target: Target, backup: Backup): Promise<Saved> {
  const { domainXml, nvram, files } = backup.manifest
  const read = await host.connection
    .operate((connect) =>
      withFolder(connect, folderOf(target, backup.id), async (pool) => ({
        xml: await getFile(pool, domainXml, DOMAIN_XML_MAX_BYTES),
        nvram: nvram === null ? null : await getFile(pool, nvram, NVRAM_MAX_BYTES),
      })),
    )
    .catch((error: unknown) => {
      throw isLibvirtError(error)
        ? new Refusal(`The backup ${backup.id} can’t be read: ${error.message}. Nothing was written.`)
        : error
    })
  const wanted = (name: string) => files.find((file) => file.name === name)
  const fault = fileFault(read.xml, wanted(domainXml))
  if (read.xml === null || fault !== null)
    throw new Refusal(`${domainXml} of the backup ${backup.id} ${fault ?? 'is gone'}. Nothing was written.`)
  const nvramFault = nvram === null ? null : fileFault(read.nvram, wanted(nvram))
  if (nvramFault !== null)
    throw new Refusal(`${nvram} of the backup ${backup.id} ${nvramFault}. Nothing was written.`)
  return { xml: read.xml.toString('utf8'), nvram: read.nvram }
}

/** What the host offers to a VM of this configuration. */
export async function readOffer(host: Host, xml: string): Promise<HostOffer> {
  return host.connection.operate(async (connect) => ({
    firmware: [...(await readFirmware(connect, kindOf(xml))), ...(await readFirmwareInUse(connect))],
    emulators: readEmulators(await connect.getCapabilities()),
  }))
}
