import type { RestorePoint } from './restore-points.ts'

export interface Layer {
  path: string
  allocatedBytes: number
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
  resultPaths: string[]
}

const sum = (layers: readonly Layer[]) => layers.reduce((total, layer) => total + layer.allocatedBytes, 0)
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
  isShared: (path: string) => boolean,
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
    removedPaths: gone.filter((path) => !read.has(path) && !isShared(path)),
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
  isShared: (path: string) => boolean,
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
    removedPaths: pulled.map((layer) => layer.path).filter((path) => !isShared(path) && !read.has(path)),
    resultPaths: [...layers.slice(0, baseIndex + 1), active].map((layer) => layer.path),
  }
}
