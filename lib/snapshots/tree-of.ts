import { headerBelow, type Situation } from '../situation/situation.ts'
import type { TreeModel } from './tree-model.ts'

/** What deleting works on. Of a running VM what QEMU has open counts, else the headers. */
export function treeOf(situation: Situation): TreeModel {
  const { vm, snapshots, current, files } = situation
  const backing: Record<string, string | null> = Object.fromEntries(
    Object.keys(files).map((path) => [path, headerBelow(situation, path)]),
  )
  for (const disk of vm.running ? vm.description.disks : [])
    for (const [index, layer] of disk.layers.entries())
      if (layer.path !== null && disk.layers.length > 1)
        backing[layer.path] = disk.layers[index + 1]?.path ?? null
  return {
    current,
    running: vm.running,
    backing,
    unfinished: snapshots.some((each) => each.disks.some((disk) => disk.deleteInProgress))
      ? Object.keys(files)
      : Object.keys(situation.taints),
    active: Object.fromEntries(vm.description.disks.map((disk) => [disk.target, disk.path])),
    snapshots: snapshots.map((snapshot) => ({
      name: snapshot.name,
      parent: snapshot.parent,
      disks: snapshot.disks.map(({ target, kind, frozenPath }) => ({ target, kind, frozen: frozenPath })),
      sources: Object.fromEntries((snapshot.definition?.disks ?? []).map((disk) => [disk.target, disk.path])),
    })),
  }
}
