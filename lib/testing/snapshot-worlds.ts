import fc from 'fast-check'
import { chainFrom, type ModelSnapshot, type TreeModel } from '../snapshots/tree-model.ts'

// Trees of snapshots with the bytes of every layer, as libvirt's own acts make them.

/** What each file holds, by block: what QEMU would read. Independent of the model's own rules. */
export type Disk = Record<string, Record<number, number>>
export const view = (disk: Disk, model: TreeModel, path: string | null): Record<number, number> =>
  Object.assign(
    {},
    ...chainFrom(model, path)
      .map((each) => disk[each] ?? {})
      .reverse(),
  )

export interface World {
  model: TreeModel
  disk: Disk
}

type Act =
  { act: 'snapshot'; disks: number } | { act: 'revert'; to: number } | { act: 'write'; block: number }

/** libvirt's own acts, replayed: each snapshot freezes, each revert puts a new overlay on what was frozen. */
function replay(acts: readonly Act[], targets: readonly string[]): World {
  let next = 0
  let value = 0
  const disk: Disk = {}
  const backing: Record<string, string | null> = {}
  const active: Record<string, string | null> = {}
  const snapshots: ModelSnapshot[] = []
  let current: string | null = null
  const make = (below: string | null, target: string): string => {
    const path = `/img/${target}.${next++}`
    backing[path] = below
    disk[path] = {}
    return path
  }
  for (const target of targets) active[target] = make(null, target)
  for (const act of acts) {
    if (act.act === 'write') for (const target of targets) disk[active[target]!]![act.block] = ++value
    if (act.act === 'snapshot') {
      const name = `s${snapshots.length + 1}`
      // At least the first disk.
      const caught = targets.filter((_, index) => index === 0 || (act.disks >> index) & 1)
      snapshots.push({
        name,
        parent: current,
        sources: { ...active },
        disks: targets.map((target) => ({
          target,
          kind: caught.includes(target) ? 'external' : 'no',
          frozen: active[target]!,
        })),
      })
      for (const target of caught) active[target] = make(active[target]!, target)
      current = name
    }
    if (act.act === 'revert' && snapshots.length > 0) {
      const to = snapshots[act.to % snapshots.length]!
      // A partial one is not reverted to here: what libvirt does to its other disks is its own chapter.
      if (to.disks.some(({ kind }) => kind === 'no')) continue
      for (const target of targets) {
        const dropped = active[target]!
        active[target] = make(to.sources[target] ?? null, target)
        delete backing[dropped]
      }
      current = to.name
    }
  }
  return { model: { snapshots, current, running: true, active, backing, unfinished: [] }, disk }
}

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constant('snapshot' as const), disks: fc.nat(3) }),
  fc.record({ act: fc.constant('revert' as const), to: fc.nat(20) }),
  fc.record({ act: fc.constant('write' as const), block: fc.nat(5) }),
)
export const world = fc
  .tuple(fc.array(act, { minLength: 1, maxLength: 25 }), fc.constantFrom(['vda'], ['vda', 'vdb']))
  .map(([acts, targets]) => replay(acts, targets))
