import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Situation } from '../situation/situation.ts'
import { chainFrom, type TreeModel } from '../snapshots/tree-model.ts'
import type { FoundUse } from '../storage/file-users.ts'
import { definitionOf, diskOf, found, line, need, situationOf } from '../testing/situation-of.ts'
import { view, world, type Disk } from '../testing/snapshot-worlds.ts'
import { planMerge, type PlannedMerge } from './plan-merge.ts'

const MIB = 1024 * 1024
const whole = situationOf(line)
const plan = (situation: Situation, direction: 'commit' | 'pull', range: Partial<PlannedMerge> = {}) =>
  planMerge(situation, { target: 'vda', ...range }).find((option) => option.direction === direction)!
const withFile = (path: string, more: Parameters<typeof found>[2]): Situation => {
  const { backing } = whole.files[path] as { backing: { path: string } | null }
  return { ...whole, files: { ...whole.files, [path]: found(path, backing?.path ?? null, more) } }
}
const inState = (state: Situation['vm']['state'], running = true): Situation => ({
  ...whole,
  vm: { ...whole.vm, state, running },
})

/** What else stands on the layers of a world: clones of other VMs, and files that nobody calls the VM's own. */
const around = fc.record({
  clones: fc.array(fc.record({ on: fc.nat(20), far: fc.boolean(), sure: fc.boolean() }), { maxLength: 2 }),
  notOwn: fc.array(fc.nat(20), { maxLength: 2 }),
  internal: fc.array(fc.nat(20), { maxLength: 1 }),
  removeTemplates: fc.boolean(),
})

describe('a plan that says yes', () => {
  it('changes the data of nothing that it keeps: restore points, the VM itself, clones on any host, snapshots inside files', () => {
    let legal = 0
    fc.assert(
      fc.property(world, around, fc.nat(20), fc.nat(20), ({ model, disk }, others, one, two) => {
        const files = Object.keys(model.backing)
        const at = (index: number) => files[index % files.length]!
        const backing = { ...model.backing }
        const before: Disk = structuredClone(disk)
        const uses: Record<string, FoundUse[]> = {}
        others.clones.forEach((clone, index) => {
          const path = `/img/clone${index}`
          backing[path] = at(clone.on)
          before[path] = { 9: index + 1 }
          for (const below of chainFrom({ ...model, backing }, path))
            (uses[below] ??= []).push(
              need({ host: clone.far ? 'two' : 'lab', isSure: clone.sure, vmName: path }),
            )
        })
        const all: TreeModel = { ...model, backing }
        const inside = others.internal.map(at)
        const situation: Situation = {
          ...situationOf(model),
          uses,
          own: files.filter((path) => !others.notOwn.map(at).includes(path)),
        }
        for (const path of inside)
          situation.files[path] = found(path, model.backing[path]!, {
            internalSnapshots: [{ name: 'inside' }] as never,
          })
        const chain = chainFrom(model, model.active.vda ?? null).reverse()
        fc.pre(chain.length > 1)
        const base = one % (chain.length - 1)
        const top = base + 1 + (two % (chain.length - 1 - base))
        for (const option of planMerge(situation, {
          target: 'vda',
          topPath: chain[top]!,
          basePath: chain[base]!,
          removeTemplates: others.removeTemplates,
        })) {
          if (option.refusal !== null) continue
          legal++
          // As QEMU does it: a commit puts what each layer holds into the base, a pull what lies below into the top.
          const after: Disk = structuredClone(before)
          const now = { ...backing }
          const above = chain[top + 1]
          if (option.direction === 'commit') {
            for (const path of chain.slice(base + 1, top + 1))
              Object.assign(after[chain[base]!]!, after[path])
            if (above !== undefined) now[above] = chain[base]!
          } else {
            const parts = chain.slice(base + 1, top + 1).map((path) => before[path])
            after[chain[top]!] = Object.assign({}, ...parts) as Disk[string]
            now[chain[top]!] = chain[base]!
          }
          for (const path of option.removedFiles) delete after[path]
          const merged: TreeModel = { ...all, backing: now }
          const stand = (path: string) =>
            option.direction === 'commit' && path === chain[top] ? chain[base]! : path
          const kept = model.snapshots.filter(({ name }) => option.keptSnapshots.includes(name))
          const roots = [
            model.active.vda!,
            ...kept.flatMap(({ disks }) =>
              disks.flatMap(({ target, kind, frozen }) =>
                target === 'vda' && kind === 'external' ? [frozen!] : [],
              ),
            ),
          ]
          for (const path of roots)
            expect(view(after, merged, stand(path)), path).toEqual(view(before, all, path))
          for (const index of others.clones.keys())
            expect(view(after, merged, `/img/clone${index}`)).toEqual(view(before, all, `/img/clone${index}`))
          // A snapshot inside a file reads its own clusters there, and what lies below that file.
          for (const path of inside) {
            expect(option.removedFiles).not.toContain(path)
            expect(view(after, merged, now[path] ?? null)).toEqual(view(before, all, backing[path] ?? null))
          }
          if (!others.removeTemplates)
            for (const path of option.removedFiles) expect(situation.own).toContain(path)
          if (option.direction === 'commit' && option.insist === null)
            for (const path of chain.slice(base, top)) expect(situation.own).toContain(path)
        }
      }),
      { numRuns: 2_000 },
    )
    expect(legal).toBeGreaterThan(1_000)
  })

  it('proposes the way that loses no restore point, and of two that lose none the cheaper', () => {
    const options = planMerge(whole, { target: 'vda' })
    expect(
      options.map(({ direction, lostSnapshots, proposed }) => [direction, lostSnapshots, proposed]),
    ).toEqual([
      ['commit', ['s1', 's2', 's3'], false],
      ['pull', [], true],
    ])
    const bare = situationOf({ ...line, snapshots: [], current: null })
    expect(plan({ ...bare, copyBytes: { '/img/base': 90 * MIB } }, 'commit').proposed).toBe(true)
  })

  it('says what is copied, what goes, and what stays sound', () => {
    expect(plan(whole, 'commit', { topPath: '/img/b', basePath: '/img/a' })).toMatchObject({
      refusal: null,
      bytesToCopy: MIB,
      movedSnapshots: ['s3'],
      lostSnapshots: ['s2'],
      removedFiles: ['/img/b'],
      rebased: [],
      resultPaths: ['/img/base', '/img/a', '/img/c'],
    })
    // What is compressed is unpacked on its way.
    expect(plan({ ...whole, copyBytes: { '/img/b': 7 * MIB } }, 'pull').bytesToCopy).toBe(9 * MIB)
    expect(plan(whole, 'commit', { topPath: '/img/a', basePath: '/img/base' }).rebased).toEqual(['/img/b'])
    expect(plan(whole, 'commit').chainBefore.map(({ path }) => path)).toEqual(Object.keys(line.backing))
  })

  it('asks for the name of a template that a commit changes, and leaves it out of a pull', () => {
    const clone = { ...whole, own: ['/img/a', '/img/b', '/img/c'], snapshots: [], current: null }
    expect(plan(clone, 'commit').insist).toBe('base')
    expect(plan(clone, 'pull')).toMatchObject({
      insist: null,
      templates: ['/img/base'],
      removedFiles: ['/img/a', '/img/b'],
      keptFiles: [{ path: '/img/base', reason: 'it is a template' }],
    })
    expect(planMerge(clone, { target: 'vda', removeTemplates: true })[1]!.removedFiles).toContain('/img/base')
  })
})

describe('a plan that says no', () => {
  it.each<[string, 'commit' | 'pull', Situation, RegExp]>([
    ['a VM that is off', 'commit', inState('shut off', false), /Start it first/],
    ['a pull of a paused VM', 'pull', inState('paused'), /Resume it first, or commit down/],
    ['a pull of one that sleeps', 'pull', inState('pmsuspended'), /Wake it up first, or commit down/],
    ['one that stops', 'commit', inState('crashed'), /wait until it runs again/],
    [
      'a disk with a block job',
      'commit',
      { ...whole, jobs: [{ target: 'vda', type: 'copy' } as never] },
      /one disk takes one at a time/,
    ],
    [
      'a layer that is gone',
      'commit',
      {
        ...whole,
        files: {
          ...whole.files,
          '/img/base': { kind: 'missing', path: '/img/base', reason: 'There is no file /img/base' },
        },
      },
      /The chain is not sound/,
    ],
    [
      'N1: a base that another VM reads',
      'commit',
      { ...whole, uses: { '/img/base': [need()] } },
      /also needed by vda of the VM db.*Pull up instead/,
    ],
    [
      'a folder that nobody could compare',
      'commit',
      { ...whole, uses: { '/img/a': [need({ host: 'two', isSure: false })] } },
      /perhaps also needed by vda of the VM db on two: whether \/img is the same/,
    ],
    [
      'what could not be looked at',
      'commit',
      { ...whole, gaps: ['db could not be read.'] },
      /that could not be looked at: db could not be read/,
    ],
    [
      'an image of no VM that stands on what changes',
      'commit',
      { ...whole, overlays: [{ path: '/img/x', below: ['/img/base'] }] },
      /x stands on \/img\/base, and no VM has it.*or pull up instead/,
    ],
    [
      'a snapshot inside a layer that goes',
      'commit',
      withFile('/img/a', { internalSnapshots: [{ name: 'inside' }] as never }),
      /holds the internal snapshot inside, which a commit would destroy/,
    ],
    [
      'a full disk',
      'commit',
      { ...whole, folders: { '/img': { freeBytes: 10, permissions: null } } },
      /can grow by \d+ bytes, and its file system has 10 free/,
    ],
  ])('%s', (_, direction, situation, sentence) => {
    expect(plan(situation, direction).refusal).toMatch(sentence)
  })

  it('a pull goes on where only a commit would harm', () => {
    for (const situation of [
      { ...whole, uses: { '/img/base': [need()] } },
      { ...whole, gaps: ['db could not be read.'] },
      withFile('/img/a', { internalSnapshots: [{ name: 'inside' }] as never }),
    ])
      expect(plan(situation, 'pull').refusal).toBeNull()
  })

  it('is refused where a broken-off merge reached further up, by its record or by its time', () => {
    const narrow = { topPath: '/img/a', basePath: '/img/base' }
    const tainted = (topPaths: (string | null)[]): Situation => ({
      ...whole,
      taints: { '/img/base': { path: '/img/base', reason: '', sinceMs: 0, topPaths } },
    })
    expect(plan(tainted(['/img/b']), 'commit', narrow).refusal).toMatch(/reached further up than this one/)
    expect(plan(tainted([null]), 'commit', narrow).refusal).toMatch(/reached further up/)
    expect(plan(tainted(['/img/a']), 'commit', narrow).refusal).toBeNull()
    expect(plan(tainted(['/img/b']), 'commit').refusal).toBeNull()
    const changed = {
      ...withFile('/img/base', { modifiedMs: 9 }),
      soundRecords: { '/img/base': { modifiedMs: 5, asOfMs: 5 } },
    }
    expect(plan(changed, 'commit', narrow).refusal).toMatch(/reached further up/)
  })

  it.each<[string, 'commit' | 'pull', { topPath?: string; basePath?: string | null }, RegExp]>([
    ['a top that is no layer', 'commit', { topPath: '/img/none' }, /none is not a layer of vda/],
    ['a base that is no layer', 'commit', { basePath: '/img/none' }, /none is not a layer of vda/],
    ['a commit into nothing', 'commit', { basePath: null }, /needs a layer below/],
    ['a commit upwards', 'commit', { topPath: '/img/a', basePath: '/img/b' }, /must lie below/],
    ['a pull into the middle', 'pull', { topPath: '/img/b' }, /into the active layer only/],
    ['a pull of itself', 'pull', { basePath: '/img/c' }, /can’t stay below itself/],
    ['a pull of nothing', 'pull', { basePath: '/img/b' }, /Nothing lies between/],
  ])('%s', (_, direction, range, sentence) => {
    const refused = plan(whole, direction, range as Partial<PlannedMerge>)
    expect(refused.refusal).toMatch(sentence)
    expect([refused.removedFiles, refused.plan.steps]).toEqual([[], []])
  })

  it('one layer alone: nothing to merge, and nothing offered unless asked for', () => {
    const bare = situationOf({
      current: null,
      running: true,
      unfinished: [],
      active: { vda: '/img/base' },
      backing: { '/img/base': null },
      snapshots: [],
    })
    expect(planMerge(bare, {})).toEqual([])
    expect(plan(bare, 'commit').refusal).toMatch(/one layer only/)
    const empty = { ...bare, vm: { ...bare.vm, description: definitionOf([diskOf('sda', null)]) } }
    expect(planMerge(empty, { target: 'sda' })).toEqual([])
  })

  it('pulls nothing into a layer with snapshots inside, which read what lies below', () => {
    const holding = withFile('/img/c', { internalSnapshots: [{ name: 'inside' }] as never })
    expect(plan(holding, 'pull').refusal).toMatch(
      /c holds the internal snapshot inside, which reads the layers/,
    )
  })

  it('proposes to finish what was broken off, and calls no spoilt restore point kept', () => {
    const broken = {
      ...whole,
      taints: { '/img/base': { path: '/img/base', reason: 'begun', sinceMs: 9e9, topPaths: [null] } },
    }
    expect(plan(broken, 'commit')).toMatchObject({ proposed: true })
    expect(plan(broken, 'pull')).toMatchObject({ proposed: false, keptSnapshots: [], refusal: null })
    expect(plan(broken, 'pull').plan.checks.find(({ verdict }) => verdict === 'warn')).toMatchObject({
      name: 'leftovers',
      sentence: expect.stringMatching(/can’t be finished any more/),
    })
  })

  it('proposes to leave a template as it is, and warns where one goes', () => {
    const clone = { ...whole, own: ['/img/a', '/img/b', '/img/c'], snapshots: [], current: null }
    expect(plan({ ...clone, copyBytes: { '/img/base': 90 * MIB } }, 'pull').proposed).toBe(true)
    const [, pull] = planMerge(clone, { target: 'vda', removeTemplates: true })
    expect(pull!.plan.checks.find(({ name }) => name === 'templates')).toMatchObject({
      verdict: 'warn',
      sentence: expect.stringMatching(/^base: a template.*is removed/),
    })
  })

  it('leaves what an image of no VM stands on, unless it stands on what is written to now', () => {
    const bare = situationOf({ ...line, snapshots: [], current: null })
    const on = (below: string[]) => ({ ...bare, overlays: [{ path: '/img/x', below }] })
    expect(plan(on(['/img/a', '/img/base']), 'pull')).toMatchObject({
      removedFiles: ['/img/b'],
      keptFiles: [
        { path: '/img/base', reason: '/img/x, which no VM has, stands on it' },
        { path: '/img/a', reason: '/img/x, which no VM has, stands on it' },
      ],
    })
    const spoilt = on(['/img/c', '/img/b', '/img/a', '/img/base'])
    expect(plan(spoilt, 'pull').removedFiles).toEqual(['/img/base', '/img/a', '/img/b'])
    expect(plan(spoilt, 'commit').refusal).toBeNull()
  })

  it('loses a restore point knowingly whose disk had another target then', () => {
    const sata: Situation = {
      ...whole,
      snapshots: whole.snapshots.map((each) => ({
        ...each,
        disks: each.disks.map((disk) => ({ ...disk, target: 'sda' })),
      })),
    }
    expect(plan(sata, 'commit').lostSnapshots).toEqual(['s1', 's2', 's3'])
    expect(plan(sata, 'pull')).toMatchObject({ keptSnapshots: ['s1', 's2', 's3'], removedFiles: [] })
  })

  it('takes nothing from the restore points that a standby has on another host', () => {
    const standby = need({ host: 'two', vmUuid: 'u', vmName: 'web', kind: 'snapshot', snapshot: 'old' })
    expect(plan({ ...whole, uses: { '/img/base': [standby] } }, 'commit').refusal).toMatch(
      /needed by the snapshot old of the VM web on two/,
    )
  })

  it('is not held up over its own files by what another VM has lost; over a template it is', () => {
    const lost = { ...whole, doubts: ['vda of the VM db on lab needs /img/z, which is not there.'] }
    expect(plan(lost, 'commit').refusal).toBeNull()
    expect(
      plan(lost, 'commit')
        .plan.checks.filter(({ verdict }) => verdict === 'warn')
        .map(({ sentence }) => sentence),
    ).toContain(lost.doubts[0])
    const clone = { ...lost, own: ['/img/a', '/img/b', '/img/c'], snapshots: [], current: null }
    expect(plan(clone, 'commit').refusal).toMatch(/may stand on the template.*z, which is not there/)
    const [, pull] = planMerge(clone, { target: 'vda', removeTemplates: true })
    expect([pull!.refusal, pull!.removedFiles]).toEqual([null, ['/img/a', '/img/b']])
    expect(pull!.keptFiles[0]!.reason).toMatch(/a template that another VM may stand on/)
  })

  it('warns of a standby, of hosts that were not heard, and of what an earlier merge left', () => {
    const warnings = (situation: Situation, name: string) =>
      plan(situation, 'commit').plan.checks.filter((each) => each.name === name && each.verdict === 'warn')
    const standby = need({ host: 'two', vmUuid: 'u', vmName: 'web' })
    expect(warnings({ ...whole, uses: { '/img/c': [standby] } }, 'sharing')[0]!.sentence).toMatch(
      /defined on two as well and opens c there/,
    )
    expect(warnings({ ...whole, unheard: ['The host two does not answer.'] }, 'sharing')).toHaveLength(1)
    const tainted = { '/img/base': { path: '/img/base', reason: '', sinceMs: 0, topPaths: [null] } }
    expect(warnings({ ...whole, taints: tainted }, 'leftovers')[0]!.sentence).toMatch(/This one finishes it/)
  })
})
