import 'server-only'
import { posix } from 'node:path'
import type { Host } from '../../hosts/host.ts'
import { OWN_POOL_PREFIX } from '../../hosts/image-files.ts'
import { attribute, child, childText, parseXml } from '../../hosts/xml.ts'
import { listTargets } from '../targets/targets.ts'

const POOL_TYPES = ['dir', 'fs', 'netfs']

/** Directories that restored disks may go to: those of pools that an admin made, and those that hold disks of VMs now. No target. */
export async function restorePlaces(host: Host): Promise<string[]> {
  const pools = await (await host.connection.reader()).listAllStoragePools()
  const ofPools = await Promise.all(
    pools.map(async (pool) => {
      if (pool.name.startsWith(OWN_POOL_PREFIX)) return null
      const xml = parseXml(await pool.getXMLDesc(), 'pool')
      return POOL_TYPES.includes(attribute(xml, 'type') ?? '')
        ? childText(child(xml, 'target'), 'path')
        : null
    }),
  )
  const ofVms = (await host.inventory.vms()).flatMap((vm) =>
    (vm.description?.disks ?? []).flatMap((disk) =>
      disk.device === 'disk' && disk.sourceType === 'file' && disk.path !== null
        ? [posix.dirname(disk.path)]
        : [],
    ),
  )
  const targets = (await listTargets(host.name)).map((target) => target.path)
  const isInTarget = (path: string) =>
    targets.some((target) => path === target || path.startsWith(`${target}/`))
  return [...new Set([...ofPools.filter((path) => path !== null), ...ofVms])]
    .filter((path) => !isInTarget(path))
    .sort()
}
