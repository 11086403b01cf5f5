import 'server-only'
import type { Host } from '../hosts/host.ts'
import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import { walkChain } from '../hosts/walk-chain.ts'

/** One external snapshot of one disk, with every file that reverting to it would read. */
export interface RestorePoint {
  snapshot: string
  frozenPath: string
  /** The frozen layer first, its base last. */
  paths: string[]
}

/** The restore points of a disk, those on branches that are not in use included. */
export async function readRestorePoints(
  host: Host,
  target: string,
  snapshots: readonly SnapshotMetadata[],
): Promise<RestorePoint[]> {
  const points = await Promise.all(
    snapshots.map(async (snapshot): Promise<RestorePoint[]> => {
      const disk = snapshot.disks.find((each) => each.target === target && each.kind === 'external')
      if (!disk?.frozenPath) return []
      const chain = await walkChain(host.files, disk.frozenPath, disk.frozenFormat)
      return [
        {
          snapshot: snapshot.name,
          frozenPath: disk.frozenPath,
          paths: chain.layers.map((layer) => layer.reading.path),
        },
      ]
    }),
  )
  return points.flat()
}
