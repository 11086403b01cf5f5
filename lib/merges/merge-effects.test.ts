import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chainFrom, type TreeModel } from '../snapshots/tree-model.ts'
import { view, world, type Disk } from '../testing/snapshot-worlds.ts'
import { commitEffects, pullEffects } from './merge-effects.ts'
import type { RestorePoint } from '../situation/restore-points.ts'

const MIB = 1024 * 1024
const pointsOf = (model: TreeModel): RestorePoint[] =>
  model.snapshots.flatMap((snapshot) =>
    snapshot.disks.flatMap(({ target, kind, frozen }) =>
      target === 'vda' && kind === 'external' && frozen !== null
        ? [{ snapshot: snapshot.name, frozenPath: frozen, paths: chainFrom(model, frozen) }]
        : [],
    ),
  )
const layersOf = (model: TreeModel) =>
  chainFrom(model, model.active.vda ?? null)
    .reverse()
    .map((path) => ({ path, allocatedBytes: MIB, copyBytes: MIB, virtualBytes: 64 * MIB }))
const goes = () => null

/** The views of these snapshots and of the VM, each layer read where it lies. */
const views = (disk: Disk, model: TreeModel, names: readonly string[], at: (path: string) => string) => ({
  active: view(disk, model, at(model.active.vda!)),
  snapshots: pointsOf(model)
    .filter(({ snapshot }) => names.includes(snapshot))
    .map(({ snapshot, frozenPath }) => [snapshot, view(disk, model, at(frozenPath))]),
})

describe('a merge changes the data of no snapshot that it says it keeps, whatever the tree', () => {
  it('commit', () => {
    fc.assert(
      fc.property(world, fc.nat(20), fc.nat(20), ({ model, disk }, one, two) => {
        const layers = layersOf(model)
        fc.pre(layers.length > 1)
        const base = one % (layers.length - 1)
        const top = base + 1 + (two % (layers.length - 1 - base))
        const effects = commitEffects(layers, base, top, pointsOf(model), goes)
        const paths = layers.map(({ path }) => path)
        // As QEMU does it: what each merged layer holds goes into the base, and the layer above stands on that.
        const after: Disk = structuredClone(disk)
        for (const path of paths.slice(base + 1, top + 1)) Object.assign(after[paths[base]!]!, after[path])
        for (const path of effects.removedPaths) delete after[path]
        const above = paths[top + 1]
        const backing = { ...model.backing, ...(above === undefined ? {} : { [above]: paths[base]! }) }
        const isMerged = (path: string) => path === paths[top]
        const merged: TreeModel = { ...model, backing }
        expect(
          views(after, merged, effects.keptSnapshots, (path) => (isMerged(path) ? paths[base]! : path)),
        ).toEqual(views(disk, model, effects.keptSnapshots, (path) => path))
        expect([...effects.keptSnapshots, ...effects.lostSnapshots].sort()).toEqual(
          pointsOf(model)
            .map(({ snapshot }) => snapshot)
            .sort(),
        )
      }),
      { numRuns: 2_000 },
    )
  })

  it('pull, which loses none', () => {
    fc.assert(
      fc.property(world, fc.nat(20), ({ model, disk }, one) => {
        const layers = layersOf(model)
        fc.pre(layers.length > 2)
        const base = (one % (layers.length - 1)) - 1
        fc.pre(base < layers.length - 2)
        const effects = pullEffects(layers, base, pointsOf(model), goes)
        const paths = layers.map(({ path }) => path)
        const active = paths.at(-1)!
        const after: Disk = structuredClone(disk)
        after[active] = Object.assign({}, ...paths.slice(base + 1).map((path) => disk[path])) as Disk[string]
        for (const path of effects.removedPaths) delete after[path]
        const names = pointsOf(model).map(({ snapshot }) => snapshot)
        const pulled: TreeModel = { ...model, backing: { ...model.backing, [active]: paths[base] ?? null } }
        const here = (path: string) => path
        expect(views(after, pulled, names, here)).toEqual(views(disk, model, names, here))
        expect(effects.lostSnapshots).toEqual([])
      }),
      { numRuns: 1_000 },
    )
  })
})

it('what stays is named with its reason, and is not removed', () => {
  const layers = ['/g', '/a', '/b'].map((path) => ({
    path,
    allocatedBytes: 1,
    copyBytes: 1,
    virtualBytes: 9,
  }))
  const stays = (path: string) => (path === '/g' ? 'it is a template' : null)
  expect(pullEffects(layers, -1, [], stays)).toMatchObject({
    removedPaths: ['/a'],
    keptFiles: [{ path: '/g', reason: 'it is a template' }],
  })
})
