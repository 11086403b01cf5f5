import { chainIn } from '../hosts/follow-headers.ts'
import type { LayerFacts } from './judge-snapshots.ts'

/** One external snapshot of one disk, with every file that reverting to it would read. */
export interface RestorePoint {
  snapshot: string
  frozenPath: string
  /** The frozen layer first, its base last. */
  paths: string[]
}

/** The restore points of a disk, those on branches that are not in use included. Pure. */
export const restorePointsOf = (
  { snapshots, files }: Pick<LayerFacts, 'snapshots' | 'files'>,
  target: string,
): RestorePoint[] =>
  snapshots.flatMap((snapshot) => {
    const disk = snapshot.disks.find((each) => each.target === target && each.kind === 'external')
    if (!disk?.frozenPath) return []
    const { layers } = chainIn(files, disk.frozenPath, disk.frozenFormat)
    return [
      {
        snapshot: snapshot.name,
        frozenPath: disk.frozenPath,
        paths: layers.map(({ reading }) => reading.path),
      },
    ]
  })
