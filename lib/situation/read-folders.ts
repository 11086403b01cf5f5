import 'server-only'
import type { FilePermissions } from '../hosts/image-files.ts'
import type { Host } from '../hosts/host.ts'

/** What plans ask of folders, by path; null where libvirt can’t tell. */
export type Folders = Record<string, { freeBytes: number | null; permissions: FilePermissions | null }>

/** Reads what is free in these folders, and who may write there. */
export async function readFolders(host: Host, folders: readonly string[]): Promise<Folders> {
  const read = await Promise.all(
    folders.map(
      async (folder) =>
        [
          folder,
          {
            freeBytes: await host.files.freeBytes(folder),
            permissions: await host.files.folderPermissions(folder),
          },
        ] as const,
    ),
  )
  return Object.fromEntries(read)
}
