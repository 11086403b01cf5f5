import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { XmlDisk } from '../hosts/domain-xml.ts'
import { definitionOf, diskOf, found, line, need, situationOf } from '../testing/situation-of.ts'
import { world } from '../testing/snapshot-worlds.ts'
import { planDelete } from './plan-delete.ts'
import { planRevert } from './plan-revert.ts'
import { headerBelow, type Situation } from '../situation/situation.ts'
import { treeOf } from './tree-of.ts'
import { chainFrom } from './tree-model.ts'

const MIB = 1024 * 1024
const whole = situationOf(line)
const remove = (situation: Situation, snapshot = 's1', withChildren = false) =>
  planDelete(situation, { snapshot, withChildren })
const change = (
  situation: Situation,
  name: string,
  more: Partial<Situation['snapshots'][number]>,
): Situation => ({
  ...situation,
  snapshots: situation.snapshots.map((each) => (each.name === name ? { ...each, ...more } : each)),
})

/** Something wrote to a frozen layer two hours later, and Keyframe knows of no merge. */
const changedLate = (path: string): Situation => ({
  ...whole,
  files: { ...whole.files, [path]: found(path, headerBelow(whole, path), { modifiedMs: 7_201_000 }) },
})

describe('a plan of a delete', () => {
  it('removes no file that anything kept still reads, whatever the tree', () => {
    fc.assert(
      fc.property(world, fc.nat(30), fc.boolean(), ({ model }, index, withChildren) => {
        fc.pre(model.snapshots.length > 0)
        const { name } = model.snapshots[index % model.snapshots.length]!
        const plan = remove(situationOf(model), name, withChildren)
        if (plan.refusal !== null) return
        const heirs = new Map(
          plan.plan.steps.length > 0 ? plan.removedFiles.map((path) => [path, model.backing[path]]) : [],
        )
        const kept = model.snapshots
          .filter((each) => !plan.order.includes(each.name))
          .flatMap((each) => each.disks.flatMap(({ kind, frozen }) => (kind === 'external' ? [frozen] : [])))
        for (const path of kept) {
          // A layer that goes has given what it holds to the one below, which is then read in its place.
          const read = chainFrom(model, path).filter((each) => !plan.receivers.includes(each))
          for (const each of read) if (heirs.has(each)) expect(plan.receivers).toContain(heirs.get(each))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('says what merges where, what goes, and what stays sound', () => {
    expect(remove(whole)).toMatchObject({
      refusal: null,
      merges: ['vda: a is merged into base.'],
      removedFiles: ['/img/a'],
      receivers: ['/img/base'],
      rebased: ['/img/b'],
      order: ['s1'],
      pins: [],
      bytesToCopy: 1024 * 1024,
    })
    expect(remove(changedLate('/img/b')).rebased).toEqual([])
    expect(remove(whole, 's1', true).order).toEqual(['s3', 's2', 's1'])
    expect(() => remove(whole, 'none')).toThrow(/no snapshot called “none” any more/)
  })

  it.each<[string, Situation, RegExp]>([
    [
      'A8: a saved state',
      { ...whole, vm: { ...whole.vm, running: false, hasManagedSave: true } },
      /saved state/,
    ],
    [
      'A6: a clone on what goes',
      { ...whole, uses: { '/img/a': [need()] } },
      /also needed by vda of the VM db, and the delete would remove it/,
    ],
    [
      'a VM that reads what changes',
      { ...whole, uses: { '/img/base': [need({ kind: 'next start' })] } },
      /needed by vda of the VM db at its next start, and the delete would change it/,
    ],
    [
      'N10: a VM of another host',
      { ...whole, uses: { '/img/a': [need({ host: 'two' })] } },
      /the VM db on two/,
    ],
    [
      'N10: one that nobody could tell apart',
      { ...whole, uses: { '/img/a': [need({ host: 'two', isSure: false })] } },
      /perhaps also needed/,
    ],
    [
      'what could not be looked at',
      { ...whole, gaps: ['db could not be read.'] },
      /could not be looked at: db could not be read/,
    ],
    [
      'A3: a snapshot inside what goes',
      {
        ...whole,
        files: {
          ...whole.files,
          '/img/a': found('/img/a', '/img/base', { internalSnapshots: [{ name: 'i1' }] } as never),
        },
      },
      /holds the internal snapshot i1, which would be lost/,
    ],
    [
      'a full disk',
      { ...whole, folders: { '/img': { freeBytes: 10, permissions: null } } },
      /can grow by 1048576 bytes, and its file system has 10 free/,
    ],
    [
      'a base that a resized layer outgrows',
      {
        ...whole,
        files: {
          ...whole.files,
          '/img/base': found('/img/base', null, { virtualBytes: MIB }),
          '/img/a': found('/img/a', '/img/base', { virtualBytes: 64 * MIB, allocatedBytes: 40 * MIB }),
        },
        folders: { '/img': { freeBytes: 30 * MIB, permissions: null } },
      },
      /can grow by 41943040 bytes/,
    ],
    [
      'an image of no VM on what changes',
      { ...whole, overlays: [{ path: '/img/x', below: ['/img/base'] }] },
      /x stands on \/img\/base, and no VM has it. The delete would change what it reads/,
    ],
    [
      'an image of no VM on what goes',
      { ...whole, overlays: [{ path: '/img/x', below: ['/img/a', '/img/base'] }] },
      /The delete would (change|remove) what it reads/,
    ],
    ['a block job', { ...whole, jobs: [{ target: 'vda', type: 'pull' } as never] }, /block job runs on vda/],
    ['an old libvirt', { ...whole, host: { ...whole.host, libvirtVersion: '8.0.0' } }, /needs 9.0/],
    [
      'what was merged by hand',
      { ...whole, written: { '/img/base': 'vda of db' } },
      /base is written to by vda of db now.*merged by hand/,
    ],
  ])('%s is refused', (_, situation, sentence) => {
    expect(remove(situation).refusal).toMatch(sentence)
  })

  it('a standby of the same VM is no reader of what changes, and one of what goes', () => {
    const standby = need({ host: 'two', vmUuid: 'u', vmName: 'web' })
    expect(remove({ ...whole, uses: { '/img/base': [standby] } }).refusal).toBeNull()
    expect(remove({ ...whole, uses: { '/img/a': [standby] } }).refusal).toMatch(/on two/)
    expect(remove({ ...whole, uses: { '/img/base': [{ ...standby, running: true }] } }).refusal).toMatch(
      /on two/,
    )
  })

  it('Z1: has definitions off the chain say first what lies below their disks', () => {
    const off = situationOf({
      ...line,
      backing: { ...line.backing, '/img/t': '/img/a' },
      snapshots: [
        ...line.snapshots,
        {
          name: 't',
          parent: 's2',
          disks: [{ target: 'vda', kind: 'external', frozen: '/img/t' }],
          sources: { vda: '/img/t' },
        },
      ],
    })
    expect(remove(off).pins).toEqual([])
    const bare = change(off, 't', {
      definition: definitionOf([
        diskOf('vda', '/img/t', { pinsBacking: false }),
        diskOf('sda', null, { device: 'cdrom', pinsBacking: false }),
      ]),
    })
    expect(remove(bare).pins).toEqual([
      {
        snapshot: 't',
        below: {
          '/img/t': [
            { path: '/img/a', format: 'qcow2' },
            { path: '/img/base', format: 'qcow2' },
          ],
        },
      },
    ])
    expect(remove(bare, 't').pins).toEqual([])
    // What could not be read must not come to say that nothing lies below it, and libvirt would look at it.
    const gone = { kind: 'missing' as const, path: '/img/a', reason: '' }
    const unread = (path: string) => remove({ ...bare, files: { ...bare.files, [path]: { ...gone, path } } })
    expect(unread('/img/t').refusal).toMatch(/t does not say what lies below \/img\/t \(vda\)/)
    expect(unread('/img/a').refusal).not.toBeNull()
    const volume = change(off, 't', {
      definition: definitionOf([
        diskOf('vda', '/img/t', { pinsBacking: false }),
        diskOf('vdb', '/img/v', { pinsBacking: false, volume: { pool: 'p', name: 'v' } }),
      ]),
    })
    expect(remove(volume).refusal).toMatch(/has vdb as the volume v of the pool p, and does not say/)
  })
})

describe('what a delete works on', () => {
  it('is what QEMU has open while the VM runs, and the headers while it is off', () => {
    const open = ['/img/c', '/img/b', '/img/a', '/img/other'].map((path) => ({
      path,
      volume: null,
      sourceType: 'file',
      format: 'qcow2',
      nodeIndex: null,
    }))
    const running: Situation = {
      ...whole,
      vm: { ...whole.vm, description: definitionOf([diskOf('vda', '/img/c', { layers: open })]) },
    }
    expect(treeOf(running).backing['/img/a']).toBe('/img/other')
    expect(remove(running).refusal).toMatch(/does not stand on base any more/)
    expect(treeOf({ ...running, vm: { ...running.vm, running: false } }).backing['/img/a']).toBe('/img/base')
  })

  it('goes on with a delete that was broken off', () => {
    const halfway: Situation = {
      ...whole,
      vm: { ...whole.vm, description: definitionOf([diskOf('vda', '/img/b')]) },
      files: Object.fromEntries(Object.entries(whole.files).filter(([path]) => path !== '/img/c')),
    }
    expect(remove(halfway, 's3').refusal).toMatch(/does not stand on b any more/)
    expect(
      remove(
        {
          ...halfway,
          taints: { '/img/b': { path: '/img/b', reason: '', sinceMs: 0, topPaths: [null] } },
        },
        's3',
      ),
    ).toMatchObject({
      refusal: null,
      removedFiles: [],
    })
    const marked = change(halfway, 's2', {
      disks: halfway.snapshots[1]!.disks.map((each) => ({ ...each, deleteInProgress: true })),
    })
    expect(remove(marked, 's3').refusal).toBeNull()
    expect(remove(marked, 's2').plan.checks.find(({ name }) => name === 'leftovers')?.verdict).toBe('warn')
  })

  it('counts no bytes of what can’t be read, and lets the metadata of what is gone go', () => {
    const gone: Situation = {
      ...whole,
      files: { ...whole.files, '/img/base': { kind: 'missing', path: '/img/base', reason: 'It is gone' } },
    }
    expect(remove(gone).metadataOnly).toBe(true)
    const unread: Situation = {
      ...whole,
      files: { ...whole.files, '/img/a': { kind: 'unreadable', path: '/img/a', reason: 'No.' } },
    }
    expect(treeOf(unread).backing['/img/a']).toBeNull()
    const bytes = planDelete(
      { ...whole, vm: { ...whole.vm, running: true }, files: whole.files },
      { snapshot: 's1', withChildren: false },
    ).bytesToCopy
    expect(bytes).toBe(1024 * 1024)
  })

  it('an internal snapshot goes without a merge', () => {
    const internal = change(whole, 's3', {
      disks: whole.snapshots[2]!.disks.map((each) => ({ ...each, kind: 'internal', frozenPath: '/img/c' })),
      definition: definitionOf([diskOf('vda', '/img/c')]),
    })
    expect(remove(internal, 's3')).toMatchObject({ refusal: null, merges: [], removedFiles: [] })
  })

  it('two of one layer are not taken apart', () => {
    const twice = change(whole, 's3', {
      disks: whole.snapshots[2]!.disks.map((each) => ({ ...each, frozenPath: '/img/a' })),
    })
    expect(remove(twice).refusal).toMatch(/s3 froze the layer that would be merged, too/)
    const leaf = { ...change(whole, 's3', { parent: 's1' }), current: 's2' }
    expect(
      remove({ ...leaf, vm: { ...leaf.vm, description: definitionOf([diskOf('vda', '/img/c')]) } }, 's3')
        .refusal,
    ).toMatch(/would remove b, which the VM itself still needs/)
  })
})

describe('a plan of a revert', () => {
  const first = (situation: Situation, name = 's1') => planRevert(situation, name)
  const inside = change(whole, 's3', {
    disks: [
      {
        target: 'vda',
        kind: 'internal',
        overlayPath: null,
        frozenPath: '/img/c',
        frozenFormat: 'qcow2',
        deleteInProgress: false,
      },
    ],
    definition: definitionOf([diskOf('vda', '/img/c')]),
  })
  const holding = (path: string, below: string | null): Situation => ({
    ...inside,
    files: { ...inside.files, [path]: found(path, below, { internalSnapshots: [{ name: 's3' }] } as never) },
  })

  it('is legal for any external snapshot of all disks, whatever the tree', () => {
    fc.assert(
      fc.property(world, fc.nat(30), ({ model }, index) => {
        fc.pre(model.snapshots.length > 0)
        const snapshot = model.snapshots[index % model.snapshots.length]!
        fc.pre(snapshot.disks.every(({ kind }) => kind === 'external'))
        const plan = first(situationOf(model), snapshot.name)
        expect([plan.refusal, plan.safetyRefusal, plan.emptied]).toEqual([null, null, []])
      }),
      { numRuns: 500 },
    )
  })

  it('A4: refuses to put a disk that was left out back on a file that a later snapshot froze, whatever the tree', () => {
    fc.assert(
      fc.property(world, fc.nat(30), ({ model }, index) => {
        fc.pre(model.snapshots.length > 0)
        const snapshot = model.snapshots[index % model.snapshots.length]!
        const spoilt = snapshot.disks.some(
          ({ target, kind }) =>
            kind === 'no' &&
            snapshot.sources[target] !== model.active[target] &&
            model.snapshots.some((each) =>
              each.disks.some(
                (disk) =>
                  disk.kind === 'external' &&
                  chainFrom(model, disk.frozen).includes(snapshot.sources[target]!),
              ),
            ),
        )
        if (spoilt) expect(first(situationOf(model), snapshot.name).refusal).toMatch(/was not part of/)
      }),
      { numRuns: 1_000 },
    )
  })

  it('says what is lost and what stays', () => {
    const { losses, laterSnapshots, bytesWritten, stateThen } = first(whole, 's2')
    expect(losses.join(' ')).toMatch(
      /since its current snapshot, s3 .*later snapshot s3 stays.*its memory is lost/,
    )
    expect([laterSnapshots, bytesWritten, stateThen]).toEqual([['s3'], 1024 * 1024, 'running'])
    expect(() => first(whole, 'none')).toThrow(/no snapshot called “none” any more/)
  })

  it('A9, N18: lists what of the configuration goes back', () => {
    const now: Situation = {
      ...whole,
      vm: {
        ...whole.vm,
        next: definitionOf([diskOf('vda', '/img/c'), diskOf('vdc', '/img/x')], {
          settings: { memory: '256 MiB' },
        }),
      },
    }
    expect(first(now).losses.join(' ')).toContain(
      'configuration goes back, too: memory 256 MiB → 64 MiB; the disk vdc is taken out (its file stays).',
    )
  })

  it('N5, Z4: empties the drives that had a medium then', () => {
    const seeded = change(whole, 's1', {
      definition: definitionOf([
        diskOf('vda', '/img/base'),
        diskOf('sda', '/img/seed.iso', { device: 'cdrom' }),
      ]),
    })
    const plan = first({
      ...seeded,
      files: { ...seeded.files, '/img/seed.iso': { kind: 'missing', path: '/img/seed.iso', reason: '' } },
    })
    expect(plan).toMatchObject({ refusal: null, emptied: [{ target: 'sda', path: '/img/seed.iso' }] })
    expect(plan.losses.join(' ')).toContain('The drive sda is empty afterwards: seed.iso was in it at s1.')
  })

  it.each<[string, Situation, string, RegExp]>([
    ['A1: one that its image no longer holds', inside, 's3', /no longer holds s3/],
    [
      'A2: one on whose image another stands',
      change(holding('/img/c', '/img/b'), 's2', {
        disks: [
          {
            target: 'vda',
            kind: 'external',
            overlayPath: null,
            frozenPath: '/img/c',
            frozenFormat: 'qcow2',
            deleteInProgress: false,
          },
        ],
      }),
      's3',
      /s2 stands on c, which this revert rewrites/,
    ],
    [
      'A2: one below the layer that is written to',
      {
        ...holding('/img/c', '/img/b'),
        vm: { ...inside.vm, description: definitionOf([diskOf('vda', '/img/d')]) },
        files: { ...holding('/img/c', '/img/b').files, '/img/d': found('/img/d', '/img/c') },
      },
      's3',
      /what that layer holds would be lost/,
    ],
    ['Z2: no current one', { ...whole, current: null }, 's1', /knows no current snapshot/],
    [
      'Z3: what libvirt would remove',
      change(whole, 's3', { discards: { vda: '/img/b' } }),
      's1',
      /would remove b, which the snapshot s3 needs/,
    ],
    [
      'A6: a clone on the layer that is dropped',
      { ...whole, uses: { '/img/c': [need()] } },
      's1',
      /removes \/img\/c, which is also needed by vda of the VM db/,
    ],
    [
      'an image of no VM on the layer that is dropped',
      {
        ...whole,
        vm: { ...whole.vm, running: false },
        overlays: [{ path: '/img/x', below: ['/img/c', '/img/b', '/img/a', '/img/base'] }],
      },
      's1',
      /removes \/img\/c, which \/img\/x stands on, and no VM has that/,
    ],
    [
      'A11: a volume',
      change(whole, 's1', {
        definition: definitionOf([diskOf('vda', '/img/base', { volume: { pool: 'p', name: 'base' } })]),
      }),
      's1',
      /was the volume base of the pool p/,
    ],
    [
      'N5: a kernel that is gone',
      {
        ...change(whole, 's1', {
          definition: definitionOf([diskOf('vda', '/img/base')], {
            startFiles: [{ what: 'kernel', path: '/boot/k' }],
          }),
        }),
        files: { ...whole.files, '/boot/k': { kind: 'missing', path: '/boot/k', reason: '' } },
      },
      's1',
      /needs \/boot\/k \(kernel\), which is not there/,
    ],
    [
      'a saved state',
      { ...whole, vm: { ...whole.vm, running: false, hasManagedSave: true } },
      's1',
      /saved state/,
    ],
    ['a full disk', { ...whole, folders: { '/img': { freeBytes: 0, permissions: null } } }, 's1', /is full/],
    [
      'what is known to be wrong',
      { ...whole, written: { '/img/base': 'vda of db' } },
      's1',
      /no longer holds what was frozen/,
    ],
  ])('%s is refused', (_, situation, name, sentence) => {
    expect(first(situation, name).refusal).toMatch(sentence)
  })

  it('goes inside the image where it lies there, without a safety snapshot', () => {
    const plan = first(holding('/img/c', '/img/b'), 's3')
    expect(plan.refusal).toBeNull()
    expect(plan.safetyRefusal).toMatch(/rewrites that image/)
    expect(plan.plan.steps[0]!.sentence).toBe('Stop the guest, and go back to s3 inside the image of vda.')
  })

  it('says what it goes on with, and what it does to a VM that is off', () => {
    const memory = change(whole, 's1', { memory: 'external', memoryPath: '/img/m', state: 'running' })
    expect(first(memory).losses.join(' ')).toContain('goes on with the memory that it had at s1')
    const off = { ...change(whole, 's1', { state: 'shutoff' }), vm: { ...whole.vm, running: false } }
    expect(first(off)).toMatchObject({ stateThen: 'off', vmRunning: false, refusal: null })
    expect(first(off).plan.steps[0]!.sentence).toMatch(/^Put a new overlay on/)
    expect(first(change(whole, 's1', { definition: null })).losses.join(' ')).not.toContain('configuration')
    const unread = {
      ...whole,
      files: { ...whole.files, '/img/c': { kind: 'unreadable' as const, path: '/img/c', reason: '' } },
    }
    expect(first(unread).bytesWritten).toBeNull()
  })

  it('refuses to put a disk back that another VM has by now, and none that is only read', () => {
    const data = diskOf('vdb', '/img/data')
    const leftOut = (disk: XmlDisk, kind: 'no' | 'external' = 'no'): Situation => {
      const given = change(whole, 's1', {
        definition: definitionOf([diskOf('vda', '/img/base'), disk]),
        disks: [
          ...whole.snapshots[0]!.disks,
          {
            target: 'vdb',
            kind,
            overlayPath: null,
            frozenPath: '/img/data',
            frozenFormat: 'qcow2',
            deleteInProgress: false,
          },
        ],
      })
      return {
        ...given,
        files: { ...given.files, '/img/data': found('/img/data', null) },
        uses: { '/img/data': [need({ target: 'vda' })] },
      }
    }
    expect(first(leftOut(data)).refusal).toMatch(
      /would get \/img\/data back as vdb, which is used by vda of the VM db now: two VMs would write/,
    )
    for (const fine of [
      leftOut(data, 'external'),
      leftOut({ ...data, readonly: true }),
      leftOut({ ...data, shareable: true }),
      { ...leftOut(data), uses: { '/img/data': [need({ kind: 'snapshot', snapshot: 'x' })] } },
      { ...leftOut(data), uses: { '/img/data': [need({ host: 'two', vmUuid: 'u' })] } },
    ])
      expect(first(fine).refusal).toBeNull()
  })

  it('lets a person insist where the files are there', () => {
    const plan = first(changedLate('/img/base'))
    expect([plan.refusal, plan.unproven]).toEqual([null, expect.stringMatching(/base was changed 2 h after/)])
  })

  it('refuses a chain that libvirt could not start', () => {
    const files = Array.from({ length: 26 }, (_, index) => `/img/${index}`)
    const deep = situationOf({
      ...line,
      active: { vda: '/img/25' },
      backing: Object.fromEntries(files.map((path, index) => [path, files[index - 1] ?? null])),
      snapshots: [
        {
          ...line.snapshots[0]!,
          disks: [{ target: 'vda', kind: 'external', frozen: '/img/24' }],
          sources: { vda: '/img/24' },
        },
      ],
      current: 's1',
    })
    expect(first(deep).refusal).toMatch(/would have 26 layers/)
  })
})
