import type { RestorePoint } from '../situation/restore-points.ts'

export interface Layer {
  path: string
  allocatedBytes: number
  /** What a copy of what it holds may need: more than it holds where it is compressed. */
  copyBytes: number
  virtualBytes: number
}

export interface MergeEffects {
  bytesToCopy: number
  spaceNeededBytes: number
  lostSnapshots: string[]
  keptSnapshots: string[]
  /** Snapshots that stay because the layer which receives the data now is what they froze. */
  movedSnapshots: string[]
  removedPaths: string[]
  /** Files that the merge no longer needs and that stay all the same, each with the reason, half a sentence. */
  keptFiles: { path: string; reason: string }[]
  resultPaths: string[]
}

/** Why a file that the merge no longer needs must stay; null when it may go. */
export type Stays = (path: string) => string | null

const part = (gone: readonly string[], stays: Stays): Pick<MergeEffects, 'removedPaths' | 'keptFiles'> => {
  const judged = gone.map((path) => ({ path, reason: stays(path) }))
  return {
    removedPaths: judged.filter((each) => each.reason === null).map((each) => each.path),
    keptFiles: judged.flatMap(({ path, reason }) => (reason === null ? [] : [{ path, reason }])),
  }
}

const sum = (layers: readonly Layer[]) => layers.reduce((total, layer) => total + layer.copyBytes, 0)
const unique = (names: string[]) => [...new Set(names)]

/**
 * What a commit of `top` into `base` does; indexes into `layers`, base of the chain first. Pure.
 * Every layer between changes hands: `base` changes, the ones above it up to `top` go.
 */
export function commitEffects(
  layers: readonly Layer[],
  baseIndex: number,
  topIndex: number,
  points: readonly RestorePoint[],
  stays: Stays,
): MergeEffects {
  const moved = layers.slice(baseIndex + 1, topIndex + 1)
  const base = layers[baseIndex]!
  const top = layers[topIndex]!
  const touched = new Set([base, ...moved].map((layer) => layer.path))
  const isActive = topIndex === layers.length - 1
  const touching = points.filter((point) => point.paths.some((path) => touched.has(path)))
  // What was frozen at the top of the range is exactly what the base holds afterwards.
  const movedPoints = isActive ? [] : touching.filter((point) => point.frozenPath === top.path)
  // Snapshots taken later stand on the merged content: their chain merely gets shorter.
  const above = new Set(layers.slice(topIndex + 1).map((layer) => layer.path))
  const standing = touching.filter((point) => above.has(point.frozenPath))
  const lost = touching.filter((point) => !movedPoints.includes(point) && !standing.includes(point))
  const resultPaths = layers
    .filter((_, index) => index <= baseIndex || index > topIndex)
    .map((layer) => layer.path)
  // A lost snapshot's own branch is of no use without what lay below it.
  const read = new Set([
    ...resultPaths,
    ...standing.map((point) => point.frozenPath),
    ...points.filter((point) => !touching.includes(point)).flatMap((point) => point.paths),
  ])
  const gone = unique([...moved.map((layer) => layer.path), ...lost.flatMap((point) => point.paths)])
  return {
    bytesToCopy: sum(moved),
    spaceNeededBytes: Math.min(
      sum(moved),
      Math.max(0, Math.max(base.virtualBytes, top.virtualBytes) - base.allocatedBytes),
    ),
    lostSnapshots: unique(lost.map((point) => point.snapshot)),
    keptSnapshots: unique(points.filter((point) => !lost.includes(point)).map((point) => point.snapshot)),
    movedSnapshots: unique(movedPoints.map((point) => point.snapshot)),
    ...part(
      gone.filter((path) => !read.has(path)),
      stays,
    ),
    resultPaths,
  }
}

/**
 * What a pull into the active layer does; `baseIndex` is the layer that stays below it, -1 = none. Pure.
 * No layer that any restore point reads changes: a file goes only when nothing reads it any more.
 */
export function pullEffects(
  layers: readonly Layer[],
  baseIndex: number,
  points: readonly RestorePoint[],
  stays: Stays,
): MergeEffects {
  const active = layers.at(-1)!
  const pulled = layers.slice(baseIndex + 1, -1)
  const read = new Set(points.flatMap((point) => point.paths))
  return {
    bytesToCopy: sum(pulled),
    spaceNeededBytes: Math.min(sum(pulled), Math.max(0, active.virtualBytes - active.allocatedBytes)),
    lostSnapshots: [],
    keptSnapshots: unique(points.map((point) => point.snapshot)),
    movedSnapshots: [],
    ...part(
      pulled.map((layer) => layer.path).filter((path) => !read.has(path)),
      stays,
    ),
    resultPaths: [...layers.slice(0, baseIndex + 1), active].map((layer) => layer.path),
  }
}
