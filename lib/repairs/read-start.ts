import 'server-only'
import type { Host } from '../hosts/host.ts'

/** The first bytes of an image file, fewer when it is shorter. Rejects with LibvirtError. */
export async function readStart(host: Host, path: string, lengthBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of await (await host.files.volume(path)).download(0, lengthBytes)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
