import 'server-only'
import { isLibvirtError, VIR_DOMAIN_XML_INACTIVE, VIR_ERR_NO_DOMAIN } from 'node-libvirt'
import { readDiskUsers } from '../chains/read-vm-chains.ts'
import { deleteVolume } from '../hosts/described-calls.ts'
import type { Host } from '../hosts/host.ts'
import { pathsInXml } from '../hosts/xml-paths.ts'
import type { LogCall } from '../jobs/step-log.ts'
import { readForeignFiles } from './restore-points.ts'

export interface Removal {
  removed: string[]
  /** Each with the reason why it stays. */
  kept: string[]
}

/** Removes image files that nothing uses, asked anew of every VM and snapshot of the host just before. */
export async function removeUnusedFiles(
  host: Host,
  paths: readonly string[],
  call: LogCall,
): Promise<Removal> {
  if (paths.length === 0) return { removed: [], kept: [] }
  host.files.forget()
  host.inventory.invalidate()
  const [users, snapshots, nextStarts] = [
    await readDiskUsers(host, 'now'),
    await readForeignFiles(host, ''),
    await readNextStarts(host),
  ]
  const removal: Removal = { removed: [], kept: [] }
  for (const path of paths) {
    const user = users.get(path)?.[0]
    const reader = snapshots.get(path)
    const nextStart = nextStarts.get(path)
    if (user) removal.kept.push(`${path} stays: ${user.target} of ${user.vmName} uses it.`)
    else if (reader) removal.kept.push(`${path} stays: ${reader} reads it.`)
    else if (nextStart)
      removal.kept.push(`${path} stays: the configuration of ${nextStart} for its next start names it.`)
    else {
      try {
        await call(deleteVolume(await host.files.volume(path), host.connection.uri))
        removal.removed.push(path)
      } catch (error) {
        if (!isLibvirtError(error)) throw error
        if ((await host.files.read(path, 0)).kind !== 'missing')
          removal.kept.push(`${path} could not be removed: ${error.message}`)
      }
    }
  }
  host.files.forget()
  return removal
}

/** Files that a VM would open when it is started the next time, whatever it has open now; by path: whose. QEMU is not asked, so a hung one holds nothing up. */
async function readNextStarts(host: Host): Promise<Map<string, string>> {
  const connect = await host.connection.reader()
  const files = new Map<string, string>()
  for (const vm of await host.inventory.vms()) {
    const xml = await connect
      .domainReference(vm.uuid)
      .getXMLDesc(VIR_DOMAIN_XML_INACTIVE)
      .catch((error: unknown) => {
        if (isLibvirtError(error, VIR_ERR_NO_DOMAIN)) return ''
        throw error
      })
    for (const path of pathsInXml(xml)) files.set(path, vm.name)
  }
  return files
}
