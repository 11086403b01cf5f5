import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import { readDiskUsers } from '../chains/read-vm-chains.ts'
import type { Host } from '../hosts/host.ts'
import { virshCommand } from '../hosts/virsh-command.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { readForeignFiles } from './restore-points.ts'

export interface Removal {
  removed: string[]
  /** Each with the reason why it stays. */
  kept: string[]
}

/** Removes image files that nothing uses, asked anew of every VM and snapshot of the host just before. */
export async function removeUnusedFiles(host: Host, paths: readonly string[], call: LogCall): Promise<Removal> {
  if (paths.length === 0) return { removed: [], kept: [] }
  host.files.forget()
  host.inventory.invalidate()
  const [users, snapshots] = [await readDiskUsers(host, 'now'), await readForeignFiles(host, '')]
  const removal: Removal = { removed: [], kept: [] }
  for (const path of paths) {
    const user = users.get(path)?.[0]
    const reader = snapshots.get(path)
    if (user) removal.kept.push(`${path} stays: ${user.target} of ${user.vmName} uses it.`)
    else if (reader) removal.kept.push(`${path} stays: ${reader} reads it.`)
    else {
      try {
        const volume = await host.files.volume(path)
        await call({ procedure: 'virStorageVolDelete', virsh: virshCommand(host.connection.uri, 'vol-delete', '--vol', path) }, () => volume.delete())
        removal.removed.push(path)
      } catch (error) {
        if (!isLibvirtError(error)) throw error
        if ((await host.files.read(path, 0)).kind !== 'missing') removal.kept.push(`${path} could not be removed: ${error.message}`)
      }
    }
  }
  host.files.forget()
  return removal
}
