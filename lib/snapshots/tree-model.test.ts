import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { view, world, type Disk, type World } from '../testing/snapshot-worlds.ts'
import {
  simulateDelete,
  simulateDeletes,
  withDescendants,
  type ModelSnapshot,
  type TreeModel,
} from './tree-model.ts'

/** The steps done to the bytes, as QEMU does them: what a layer holds goes into the one below it. */
function perform({ disk }: World, steps: ReturnType<typeof simulateDeletes>['steps']): Disk {
  const after: Disk = structuredClone(disk)
  for (const { merges, removed } of steps) {
    for (const { from, into } of merges) {
      Object.assign(after[into]!, after[from])
      delete after[from]
    }
    for (const path of removed) delete after[path]
  }
  return after
}

const views = (disk: Disk, model: TreeModel, names: readonly string[]) => ({
  active: Object.fromEntries(
    Object.entries(model.active).map(([target, path]) => [target, view(disk, model, path)]),
  ),
  snapshots: Object.fromEntries(
    names.map((name) => [
      name,
      model.snapshots
        .find((each) => each.name === name)!
        .disks.filter(({ kind }) => kind === 'external')
        .map(({ frozen }) => view(disk, model, frozen)),
    ]),
  ),
})

describe('deleting', () => {
  it('changes the data of no other snapshot and not of the VM, whatever the tree', () => {
    fc.assert(
      fc.property(world, fc.nat(30), fc.boolean(), (before, index, withChildren) => {
        const { snapshots } = before.model
        fc.pre(snapshots.length > 0)
        const { name } = snapshots[index % snapshots.length]!
        const order = withChildren ? withDescendants(before.model, name) : [name]
        const { steps, after, refusal } = simulateDeletes(before.model, order)
        const gone = steps.map((step) => step.snapshot)
        if (refusal === null) expect(gone).toEqual(order)
        const kept = snapshots.map((each) => each.name).filter((each) => !gone.includes(each))
        expect(views(perform(before, steps), after, kept)).toEqual(views(before.disk, before.model, kept))
        expect(after.snapshots.map((each) => each.name).sort()).toEqual([...kept].sort())
      }),
      { numRuns: 2_000 },
    )
  })

  it('names every layer that stood on one that goes, and no other', () => {
    fc.assert(
      fc.property(world, fc.nat(30), (before, index) => {
        const { snapshots, backing } = before.model
        fc.pre(snapshots.length > 0)
        const outcome = simulateDelete(before.model, snapshots[index % snapshots.length]!.name)
        if ('refusal' in outcome) return
        const { merges, rebased } = outcome.step
        const gone = merges.map(({ from }) => from)
        expect([...rebased].sort()).toEqual(
          Object.keys(backing)
            .filter((path) => gone.includes(backing[path] ?? ''))
            .sort(),
        )
      }),
      { numRuns: 1_000 },
    )
  })
})

const frozen = (target: string, path: string) => ({ target, kind: 'external' as const, frozen: path })
const one = (name: string, parent: string | null, path: string): ModelSnapshot => ({
  name,
  parent,
  disks: [frozen('vda', path)],
  sources: { vda: path },
})

/** s1 > {t1, s2 > s3}, the VM on a new overlay on what s1 froze. */
const tree: TreeModel = {
  snapshots: [one('s1', null, '/b'), one('s2', 's1', '/b.s1'), one('s3', 's2', '/b.s2')],
  current: 's1',
  running: true,
  unfinished: [],
  active: { vda: '/b.now' },
  backing: { '/b': null, '/b.s1': '/b', '/b.s2': '/b.s1', '/b.now': '/b' },
}
const refusalOf = (model: TreeModel, name: string) => {
  const outcome = simulateDelete(model, name)
  return 'refusal' in outcome ? outcome.refusal : null
}

describe('what libvirt refuses is refused before, in words', () => {
  it.each([
    ['A7: not a leaf, off the chain', tree, 's2', /branch that the VM does not run on, and s3 stands on it/],
    ['current, with a child', tree, 's1', /current snapshot and has a child on another branch \(s2\)/],
    [
      'several children',
      { ...tree, current: null, snapshots: [...tree.snapshots, one('t', 's1', '/b')] },
      's1',
      /2 children \(s2, t\)/,
    ],
    ['A7: a disk that was detached', { ...tree, active: {}, current: 's3' }, 's3', /no disk vda any more/],
    [
      'A7: an internal parent',
      {
        ...tree,
        current: 's2',
        active: { vda: '/b.s2' },
        snapshots: [
          { ...one('s1', null, '/b'), disks: [{ target: 'vda', kind: 'internal' as const, frozen: '/b' }] },
          one('s2', 's1', '/b.s1'),
        ],
      },
      's2',
      /parent s1 is an internal snapshot/,
    ],
    [
      'A7: after a pull',
      { ...tree, current: 's3', active: { vda: '/b.now' }, backing: { ...tree.backing, '/b.now': null } },
      's3',
      /does not stand on b.s2 any more/,
    ],
    [
      'A7: an internal one whose disk moved on',
      {
        ...tree,
        snapshots: [
          { ...one('i1', null, '/b'), disks: [{ target: 'vda', kind: 'internal' as const, frozen: '/b' }] },
        ],
      },
      'i1',
      /lies inside b, and vda writes to b.now now/,
    ],
  ])('%s', (_, model, name, sentence) => {
    expect(refusalOf(model as TreeModel, name)).toMatch(sentence)
  })
})

it('A10: a leaf off the chain takes what it froze with it; a root leaves it', () => {
  const outcome = simulateDelete(tree, 's3')
  expect('step' in outcome && outcome.step).toEqual({
    snapshot: 's3',
    merges: [],
    removed: ['/b.s2'],
    rebased: [],
  })
  const root = simulateDelete({ ...tree, current: null, snapshots: [tree.snapshots[0]!] }, 's1')
  expect('step' in root && root.step.removed).toEqual([])
})
