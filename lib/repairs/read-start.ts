import 'server-only'
import type { Host } from '../hosts/host.ts'
import { download } from '../hosts/image-files.ts'

/** The first bytes of an image file, fewer when it is shorter. Rejects with LibvirtError. */
export const readStart = async (host: Host, path: string, lengthBytes: number): Promise<Buffer> =>
  download(await host.files.volume(path), lengthBytes)
