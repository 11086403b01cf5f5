import { posix } from 'node:path'
import { ownerOf, type Survey } from './survey-host.ts'

export interface Origin {
  vm: { host: string; uuid: string; name: string } | null
  /** What the file was, ready to show; null when nothing tells. */
  text: string | null
}

/** Names of a disk's files without their suffix, as libvirt and Keyframe begin an overlay's name. */
const stem = (path: string): string => posix.basename(path).replace(/(?!^)\.[^.]*$/, '')

/** Of which snapshot an overlay was, told by its name `<image>.<snapshot>`. */
export function nameTells(path: string, stems: readonly string[]): string | null {
  const name = posix.basename(path)
  const longest = stems
    .filter((each) => each !== '' && name.startsWith(`${each}.`))
    .sort((a, b) => b.length - a.length)[0]
  if (longest === undefined) return null
  return name.slice(longest.length + 1).replace(/\.(qcow2|img|raw)$/, '') || null
}

/** Where an unused overlay comes from, by its name, else by the file it lies on. */
export function overlayOrigin(survey: Survey, path: string, belowPaths: readonly string[]): Origin {
  for (const { vm, disks, snapshots } of survey.vms) {
    for (const { disk, chain } of disks) {
      const files = [
        ...(chain?.layers.map((layer) => layer.reading.path) ?? []),
        ...snapshots.flatMap((snapshot) =>
          snapshot.chains
            .filter((each) => each.target === disk.target)
            .flatMap((each) => each.chain.layers.map((layer) => layer.reading.path)),
        ),
      ]
      const snapshot = nameTells(
        path,
        files
          .filter((file) => posix.dirname(file) === posix.dirname(path) || belowPaths.includes(file))
          .map(stem),
      )
      if (snapshot !== null)
        return {
          vm: ownerOf(survey, vm),
          text: `overlay of snapshot ${snapshot} of ${disk.target} of ${vm.name}, by its name`,
        }
      const below = belowPaths.find((each) => files.includes(each))
      if (below !== undefined)
        return {
          vm: ownerOf(survey, vm),
          text: `overlay above ${posix.basename(below)}, a layer of ${disk.target} of ${vm.name}`,
        }
    }
  }
  return { vm: null, text: null }
}
