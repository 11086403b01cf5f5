import { chainIn } from '../hosts/follow-headers.ts'
import type { LayerFacts } from './judge-snapshots.ts'

/** One external snapshot of one disk, with every file that reverting to it would read. */
export interface RestorePoint {
  snapshot: string
  frozenPath: string
  /** The frozen layer first, its base last. */
  paths: string[]
}

/**
 * The restore points of a disk, those on branches that are not in use included, and those that read one of its layers though the
 * disk had another target then, as one that was moved from SATA to virtio. `layers`: those of its chain now. Pure.
 */
export const restorePointsOf = (
  { snapshots, files }: Pick<LayerFacts, 'snapshots' | 'files'>,
  target: string,
  layers: readonly string[] = [],
): RestorePoint[] =>
  snapshots.flatMap((snapshot) =>
    snapshot.disks.flatMap((disk) => {
      if (disk.kind !== 'external' || disk.frozenPath === null) return []
      const chain = chainIn(files, disk.frozenPath, disk.frozenFormat)
      const paths = chain.layers.map(({ reading }) => reading.path)
      return disk.target === target || paths.some((path) => layers.includes(path))
        ? [{ snapshot: snapshot.name, frozenPath: disk.frozenPath, paths }]
        : []
    }),
  )
