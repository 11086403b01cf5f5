import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { found, situationOf } from '../testing/situation-of.ts'
import { world } from '../testing/snapshot-worlds.ts'
import { judgeSnapshots, soundLayers, type LayerFacts } from './judge-snapshots.ts'
import { restorePointsOf } from './restore-points.ts'

const HOUR = 3_600_000
/** s1 froze base at 1 s, s2 froze a at 2 s; the VM writes to b. */
const line: LayerFacts = situationOf({
  current: 's2',
  running: true,
  unfinished: [],
  active: { vda: '/img/b' },
  backing: { '/img/base': null, '/img/a': '/img/base', '/img/b': '/img/a' },
  snapshots: ['base', 'a'].map((file, index) => ({
    name: `s${index + 1}`,
    parent: index === 0 ? null : 's1',
    disks: [{ target: 'vda', kind: 'external', frozen: `/img/${file}` }],
    sources: { vda: `/img/${file}` },
  })),
})
const withFile = (path: string, more: Parameters<typeof found>[2], facts = line): LayerFacts => {
  const before = facts.files[path]
  const below = before?.kind === 'found' ? (before.backing?.path ?? null) : null
  return { ...facts, files: { ...facts.files, [path]: found(path, below, more) } }
}
const tainted = (path: string, sinceMs: number): LayerFacts => ({
  ...line,
  taints: { [path]: { path, reason: 'a merge was begun', sinceMs, topPaths: [null] } },
})
const reasons = (facts: LayerFacts) =>
  Object.fromEntries(Object.entries(judgeSnapshots(facts)).map(([name, { reason }]) => [name, reason]))

describe('what a snapshot froze', () => {
  it('is there as long as nothing wrote below it, whatever the tree and however much the VM writes', () => {
    fc.assert(
      fc.property(world, fc.integer({ min: 0, max: 1e12 }), ({ model }, modifiedMs) => {
        const whole = situationOf(model)
        for (const path of Object.values(model.active))
          if (
            !model.snapshots.some(({ disks }) =>
              disks.some(({ kind, frozen }) => kind === 'external' && frozen === path),
            )
          )
            whole.files[path!] = found(path!, model.backing[path!] ?? null, { modifiedMs })
        expect(judgeSnapshots(whole)).toEqual({})
      }),
      { numRuns: 500 },
    )
  })

  it('is unproven for exactly those that read a layer which was changed late, whatever the tree', () => {
    fc.assert(
      fc.property(world, fc.nat(30), ({ model }, index) => {
        const whole = situationOf(model)
        const frozen = [
          ...new Set(
            model.snapshots.flatMap(({ disks }) =>
              disks.flatMap(({ kind, frozen: path }) => (kind === 'external' ? [path!] : [])),
            ),
          ),
        ]
        fc.pre(frozen.length > 0)
        const path = frozen[index % frozen.length]!
        whole.files[path] = found(path, model.backing[path] ?? null, { modifiedMs: HOUR })
        const readers = ['vda', 'vdb'].flatMap((target) =>
          restorePointsOf(whole, target)
            .filter(({ paths }) => paths.includes(path))
            .map(({ snapshot }) => snapshot),
        )
        expect(Object.keys(judgeSnapshots(whole)).sort()).toEqual([...new Set(readers)].sort())
        expect(soundLayers(whole)).not.toContain(path)
        expect(soundLayers(whole)).toHaveLength(frozen.length - 1)
      }),
      { numRuns: 500 },
    )
  })

  it.each<[string, LayerFacts, Record<string, unknown>]>([
    ['untouched', line, {}],
    [
      'base gone',
      {
        ...line,
        files: {
          ...line.files,
          '/img/base': { kind: 'missing', path: '/img/base', reason: 'There is no /img/base' },
        },
      },
      { s1: 'vda: There is no /img/base.', s2: 'vda: There is no /img/base.' },
    ],
    [
      'written to by another VM',
      { ...line, written: { '/img/a': 'vdb of db' } },
      { s2: expect.stringContaining('/img/a is written to by vdb of db now') },
    ],
    ['a merge begun later', tainted('/img/a', 5_000), { s2: 'vda: a merge was begun.' }],
    ['a merge begun before it was taken', tainted('/img/base', 500), { s1: 'vda: a merge was begun.' }],
    ['changed while the snapshot was being taken', withFile('/img/base', { modifiedMs: 15_900 }), {}],
    [
      'changed an hour later',
      withFile('/img/a', { modifiedMs: HOUR + 2_000 }),
      { s2: expect.stringContaining('/img/a was changed 60 min after it was frozen') },
    ],
    [
      'changed days later',
      withFile('/img/a', { modifiedMs: 72 * HOUR + 2_000 }),
      { s2: expect.stringContaining('was changed 3 days after') },
    ],
    [
      'changed by a merge that Keyframe saw end',
      {
        ...withFile('/img/base', { modifiedMs: HOUR }),
        soundRecords: { '/img/base': { modifiedMs: HOUR, asOfMs: HOUR } },
      },
      {},
    ],
    [
      'a record of before it was taken',
      {
        ...withFile('/img/base', { modifiedMs: HOUR }),
        soundRecords: { '/img/base': { modifiedMs: HOUR, asOfMs: 500 } },
      },
      { s1: expect.stringContaining('60 min'), s2: expect.stringContaining('60 min') },
    ],
    [
      'frozen twice',
      { ...line, snapshots: line.snapshots.map((each) => ({ ...each, disks: line.snapshots[0]!.disks })) },
      { s1: expect.stringContaining('until the snapshot s2 froze it again') },
    ],
  ])('%s', (_, facts, expected) => {
    expect(reasons(facts)).toEqual(expected)
  })

  it('may have been written to while its memory was saved', () => {
    const memory = {
      ...line,
      snapshots: line.snapshots.map((each) => ({
        ...each,
        memory: 'external' as const,
        memoryPath: '/img/m',
      })),
    }
    const late = withFile('/img/a', { modifiedMs: 90_000 }, memory)
    expect(Object.keys(reasons(late))).toEqual(['s2'])
    expect(reasons(withFile('/img/m', { modifiedMs: 80_000 }, late))).toEqual({})
  })
})
