import 'server-only'
import { requireVm } from '../hosts/find-vm.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { deleteRefusal, revertRefusal } from './snapshot-rules.ts'
import { readUnproven } from '../situation/read-layer-facts.ts'
import type { SnapshotTree } from './types.ts'

/** The snapshots of a VM as a tree. Throws HostDown and VmGone. */
export async function readSnapshotTree(hostName: string, vmUuid: string): Promise<SnapshotTree> {
  const { host } = await requireVm(hostName, vmUuid)
  const { list, current } = await readSnapshots(await host.connection.reader(), vmUuid)
  const unproven = await readUnproven(host, list)
  const job = host.jobs.jobsOf(vmUuid)[0] ?? null
  const version = host.connection.status.status === 'up' ? host.connection.status.libvirtVersion : ''
  const nodes = list.map((snapshot) => {
    const children = list.filter((each) => each.parent === snapshot.name).map((each) => each.name)
    const found = unproven[snapshot.name]
    const reason = found?.reason ?? null
    return {
      name: snapshot.name,
      description: snapshot.description,
      createdAtMs: snapshot.createdAtMs,
      state: snapshot.state,
      isCurrent: snapshot.name === current,
      parent: snapshot.parent,
      children,
      memory: snapshot.memory,
      disks: snapshot.disks.map(({ target, kind, overlayPath, frozenPath }) => ({
        target,
        kind,
        overlayPath,
        frozenPath,
      })),
      deleteInProgress: snapshot.disks.some((disk) => disk.deleteInProgress),
      unproven: reason,
      revertRefusal: revertRefusal({ snapshot, job, version, unproven: found?.canInsist ? null : reason }),
      deleteRefusal: deleteRefusal({ snapshot, job, version }),
    }
  })
  return { nodes: parentsFirst(nodes), current }
}

/** Depth first, so that a list of the nodes reads as a tree. */
function parentsFirst<T extends { name: string; parent: string | null }>(nodes: T[]): T[] {
  const names = new Set(nodes.map((node) => node.name))
  const below = (parent: string | null): T[] =>
    nodes
      .filter((node) => (node.parent !== null && names.has(node.parent) ? node.parent : null) === parent)
      .flatMap((node) => [node, ...below(node.name)])
  return below(null)
}
