import type { MergeOption } from '@/lib/merges/types'
import { baseName } from '@/components/base-name'

/** Where data goes, by the names of the files. `paths` are the disk's layers, base first. */
export function mergeStory(
  { direction, topPath, basePath }: Pick<MergeOption, 'direction' | 'topPath' | 'basePath'>,
  paths: readonly string[],
): string {
  const [top, base] = [paths.indexOf(topPath), basePath === null ? -1 : paths.indexOf(basePath)]
  if (direction === 'commit')
    return `The data of ${named(paths.slice(base + 1, top + 1))} is written into ${baseName(basePath ?? '')}.`
  const moved = `The data of ${named(paths.slice(base + 1, top))} is written into ${baseName(topPath)}`
  return basePath === null
    ? `${moved}, which then stands alone.`
    : `${moved}; ${baseName(basePath)} stays below it.`
}

/** Layers from the lowest to the highest. The plan may be newer than what is known of them. */
function named(layers: readonly string[]): string {
  const [first, last] = [layers[0], layers.at(-1)]
  if (first === undefined || last === undefined) return 'the layers between'
  if (layers.length === 1) return baseName(first)
  return `${baseName(first)} ${layers.length === 2 ? 'and' : '…'} ${baseName(last)}`
}
