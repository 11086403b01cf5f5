import 'server-only'
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { Host } from '../../hosts/host.ts'
import { child, childText, parseXml } from '../../hosts/xml.ts'
import { Refusal } from '../../jobs/refusal.ts'
import { fileBytes, findVolume, readBytes, withFolder } from '../targets/backup-folder.ts'
import { folderOf, type Backup } from '../catalogue/catalogue.ts'
import type { Target } from '../targets/targets.ts'

/** The part of an image that names other files. */
const HEADER_BYTES = 64 * 1024

/** What shows that an image was replaced or written to while it was copied. */
export interface ImageLook {
  path: string
  bytes: number
  /** Modification time as libvirt gives it, seconds with nine decimals. */
  modified: string
  /** SHA-256 of its beginning: header, backing name, data file. */
  header: string
}

/** Looks at every image of a chain that a restore reads. Throws Refusal when one is gone. */
export async function lookAtImages(
  host: Host,
  target: Target,
  chain: readonly Backup[],
): Promise<ImageLook[]> {
  const looks: ImageLook[] = []
  for (const backup of chain) {
    const folder = folderOf(target, backup.id)
    await host.connection.operate((connect) =>
      withFolder(connect, folder, async (pool) => {
        for (const { file } of backup.manifest.disks) {
          const path = posix.join(folder, file)
          const volume = await findVolume(pool, file)
          if (volume === null) throw new Refusal(`${path} is gone. Nothing was written.`)
          const bytes = await fileBytes(volume)
          const xml = parseXml(await volume.getXMLDesc(), 'volume')
          const header = createHash('sha256')
            .update(await readBytes(volume, 0, Math.min(HEADER_BYTES, bytes)))
            .digest('hex')
          looks.push({
            path,
            bytes,
            modified: childText(child(child(xml, 'target'), 'timestamps'), 'mtime') ?? '',
            header,
          })
        }
      }),
    )
  }
  return looks
}

/** The first image that is not as it was at the first look; null when all are. Pure. */
export function changedImage(before: readonly ImageLook[], now: readonly ImageLook[]): string | null {
  const changed = before.find((look) => {
    const again = now.find((each) => each.path === look.path)
    return again?.bytes !== look.bytes || again.modified !== look.modified || again.header !== look.header
  })
  return changed?.path ?? null
}
