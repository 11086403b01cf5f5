import 'server-only'
import { posix } from 'node:path'
import { snapshotRefusal } from '../chains/snapshot-refusal.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { OWN_POOL_PREFIX } from '../hosts/image-files.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { attribute, child, childText, parseXml } from '../hosts/xml.ts'
import { proposeSnapshotName } from './snapshot-name.ts'
import { transientCost } from './transient-cost.ts'
import type { SnapshotForm } from './types.ts'

/** What the dialog needs before a snapshot. Throws HostDown and VmGone. */
export async function snapshotForm(hostName: string, vmUuid: string): Promise<SnapshotForm> {
  const { host, vm } = await requireVm(hostName, vmUuid)
  const [snapshots, agent, allowedDirectories] = await Promise.all([
    readSnapshots(await host.connection.reader(), vmUuid),
    host.frozen.read(vm),
    overlayDirectories(host, vm),
  ])
  return {
    proposedName: proposeSnapshotName(
      snapshots.list.map((snapshot) => snapshot.name),
      new Date(),
    ),
    disks: (vm.description?.disks ?? []).map((disk) => ({
      target: disk.target,
      path: disk.path ?? '',
      overlayDirectory: disk.path ? posix.dirname(disk.path) : '',
      refusal: snapshotRefusal(disk),
    })),
    allowedDirectories,
    transientCost: transientCost(vm),
    agent: agent.agent,
    fileSystems: agent.fileSystems,
    state: vm.state,
  }
}

/** Folders that overlays may go to: those of the VM's own disks, and those of the host's active storage pools. */
export async function overlayDirectories(host: Host, vm: KnownVm): Promise<string[]> {
  const own = (vm.description?.disks ?? []).flatMap((disk) =>
    disk.path?.startsWith('/') && disk.sourceType === 'file' && disk.device === 'disk'
      ? [posix.dirname(disk.path)]
      : [],
  )
  const pools = await (await host.connection.reader()).listAllStoragePools()
  const targets = await Promise.all(
    pools.map(async (pool) => {
      // One that Keyframe itself started to look at a folder makes that folder no place for overlays.
      if (pool.name.startsWith(OWN_POOL_PREFIX)) return null
      const xml = parseXml(await pool.getXMLDesc(), 'pool')
      return attribute(xml, 'type') === 'dir' ||
        attribute(xml, 'type') === 'fs' ||
        attribute(xml, 'type') === 'netfs'
        ? childText(child(xml, 'target'), 'path')
        : null
    }),
  )
  return [...new Set([...own, ...targets.filter((path) => path !== null)])].sort()
}
