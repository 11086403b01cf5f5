import { readdirSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { acts, guestFlushes, guestWrites } from '../testing/in-process.ts'
import { patternAt } from '../testing/image-bytes.ts'
import { disk, startBareGuest, startOnLab } from '../testing/on-lab.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'

const MIB = 1024 * 1024
const { lab, keyframe } = await startOnLab('revert')
let number = 0
let name: string
let vm: ReturnType<typeof acts>

const path = (file: string) => join(lab.imagesDir, file)
const state = async () => (await lab.virsh('domstate', name)).trim()

beforeEach(async () => {
  name = `r${++number}`
  vm = acts(keyframe, await startBareGuest({ lab, keyframe }, name, [disk('raw', 8), disk('qcow2', 8)]))
})

const write = async (pattern: number) => {
  for (const disk of [0, 1]) await guestWrites(lab, name, disk, pattern)
}
/** s1 froze 0x10, s2 0x11, …; the active layer holds 0x10 + count. */
async function snapshots(count: number) {
  await write(0x10)
  for (let n = 1; n <= count; n++) {
    expect((await vm.snapshot({ name: `s${n}`, disks: ['vda', 'vdb'] })).error).toBeNull()
    await write(0x10 + n)
  }
}
/** What both disks hold now, read through their chains. */
async function data(): Promise<(number | null)[]> {
  if ((await state()) !== 'shut off') await guestFlushes(lab, name, 2)
  return Promise.all(
    (await vm.chains()).map((chain) =>
      patternAt(chain.layers.at(-1)!.path, chain.layers.at(-1)!.format as 'raw' | 'qcow2'),
    ),
  )
}

describe('revert', () => {
  it('to each snapshot and back gives exactly its data; the current one moves', async () => {
    await snapshots(3)
    for (const [snapshot, pattern] of [
      ['s2', 0x11],
      ['s1', 0x10],
      ['s3', 0x12],
    ] as const) {
      expect(await vm.revert(snapshot)).toMatchObject({ status: 'succeeded', error: null })
      expect(await data()).toEqual([pattern, pattern])
      expect((await vm.snapshots()).find((each) => each.isCurrent)?.name).toBe(snapshot)
      expect(await state()).toBe('running')
    }
  })

  it('leaves the VM as asked: running, off, or as it was', async () => {
    await snapshots(1)
    expect((await vm.revert('s1', { stateAfter: 'off' })).result[0]).toMatch(/the VM is off/)
    expect(await state()).toBe('shut off')
    expect((await vm.revert('s1', { stateAfter: 'running' })).error).toBeNull()
    expect(await state()).toBe('running')
    await lab.virsh('destroy', name)
    expect((await vm.revert('s1', { stateAfter: 'as-it-was' })).error).toBeNull()
    expect(await state()).toBe('running')
  })

  it('with a safety snapshot what is discarded can be gone back to', async () => {
    await snapshots(1)
    await write(0x77)
    expect((await vm.revert('s1', { safetySnapshot: true })).error).toBeNull()
    expect(await data()).toEqual([0x10, 0x10])
    const safety = (await vm.snapshots()).find((each) => each.name.startsWith('before-revert-'))!
    expect((await vm.revert(safety.name)).error).toBeNull()
    expect(await data()).toEqual([0x77, 0x77])
  })

  it('says beforehand what will be lost', async () => {
    await snapshots(2)
    const { readRevertPlan } = await import('./read-plans.ts')
    const plan = await readRevertPlan('lab', await keyframe.uuid(name), 's1')
    expect(plan).toMatchObject({
      refusal: null,
      laterSnapshots: ['s2'],
      stateThen: 'running',
      vmRunning: true,
    })
    expect(plan.losses.join(' ')).toMatch(
      /wrote since its current snapshot, s2.*The later snapshot s2 stays.*stopped at once/,
    )
    expect(plan.bytesWritten).toBeGreaterThanOrEqual(2 * MIB)
  })

  it('is refused when a file that it needs is gone, or the snapshot is, with nothing changed', async () => {
    await snapshots(2)
    await rename(path(`${name}-vdb.s1`), path(`${name}-away`))
    const before = await lab.virsh('dumpxml', name)
    await expect(vm.revert('s2')).rejects.toThrow(/there is no file .*-vdb\.s1/)
    await expect(vm.revert('gone')).rejects.toThrow(/no snapshot called “gone” any more/)
    expect(await lab.virsh('dumpxml', name)).toBe(before)
    expect((await vm.snapshots()).find((each) => each.name === 's2')!.unproven).toMatch(/there is no file/)
    await rename(path(`${name}-away`), path(`${name}-vdb.s1`))
    expect((await vm.revert('s2')).error).toBeNull()
  })

  it('refuses a VM with a saved state', async () => {
    await snapshots(1)
    await lab.virsh('managedsave', name)
    await expect(vm.revert('s1')).rejects.toThrow(/saved state/)
  })
})

describe('delete', () => {
  it('merges, removes the files, keeps the data: running, first to last', async () => {
    await snapshots(2)
    for (const snapshot of ['s1', 's2'])
      expect(await vm.remove(snapshot)).toMatchObject({ status: 'succeeded', error: null })
    expect(await data()).toEqual([0x12, 0x12])
    expect(await vm.files('vda')).toEqual([`${name}-vda.img`])
    expect(
      readdirSync(lab.imagesDir)
        .filter((file) => file.startsWith(`${name}-`))
        .sort(),
    ).toEqual([`${name}-vda.img`, `${name}-vdb.qcow2`])
  })

  it('of a VM that is off works, too', async () => {
    await snapshots(1)
    await lab.virsh('destroy', name)
    expect((await vm.remove('s1')).error).toBeNull()
    expect(await state()).toBe('shut off')
    expect(await data()).toEqual([0x11, 0x11])
  })

  it('with children removes the whole branch', async () => {
    await snapshots(3)
    expect((await vm.remove('s2', { withChildren: true })).result[0]).toBe('Deleted: s3, s2.')
    expect((await vm.snapshots()).map((each) => each.name)).toEqual(['s1'])
    expect(await data()).toEqual([0x13, 0x13])
  })

  it('with two children is refused with what to do', async () => {
    await snapshots(2)
    expect((await vm.revert('s1')).error).toBeNull()
    expect((await vm.snapshot({ name: 'other', disks: ['vda', 'vdb'] })).error).toBeNull()
    await expect(vm.remove('s1')).rejects.toThrow(/2 children.*Delete all but one/)
    expect((await vm.remove('s2')).error).toBeNull()
    expect((await vm.remove('other')).error).toBeNull()
    expect((await vm.remove('s1')).error).toBeNull()
    expect(await data()).toEqual([0x10, 0x10])
  })

  it('of a snapshot whose layer was merged with virsh: says so, and its metadata can go', async () => {
    await snapshots(2)
    await lab.virsh(
      'blockcommit',
      name,
      'vda',
      '--top',
      path(`${name}-vda.s1`),
      '--base',
      path(`${name}-vda.img`),
      '--wait',
    )
    await expect(vm.remove('s1')).rejects.toThrow(/layers were merged since.*metadata only/i)
    expect((await vm.remove('s1', { metadataOnly: true })).error).toBeNull()
    expect((await vm.snapshots()).map((each) => each.name)).not.toContain('s1')
    expect(await data()).toEqual([0x12, 0x12])
  })

  it('of the current snapshot with children on another branch is refused with what to do', async () => {
    await snapshots(2)
    expect((await vm.revert('s1')).error).toBeNull()
    await expect(vm.remove('s1')).rejects.toThrow(/current snapshot and has a child on another branch \(s2\)/)
    expect((await vm.remove('s1', { withChildren: true })).error).toBeNull()
    expect(await data()).toEqual([0x10, 0x10])
  })

  it('of a snapshot whose layer was merged with virsh and frozen again: only its metadata', async () => {
    await snapshots(1)
    for (const disk of ['vda', 'vdb'])
      await lab.virsh('blockcommit', name, disk, '--active', '--pivot', '--wait')
    expect((await vm.snapshot({ name: 'new', disks: ['vda', 'vdb'] })).error).toBeNull()
    await waitUntil(
      async () =>
        JSON.stringify((await vm.snapshots()).map((each) => [each.name, each.unproven !== null])) ===
        '[["s1",true],["new",false]]',
      { limitMs: 10_000, what: 'The word that s1 is spoilt and new is not' },
    )
    await expect(vm.revert('s1')).rejects.toThrow(/merged by hand/)
    await expect(vm.remove('s1')).rejects.toThrow(/merged by hand/)
    expect((await vm.remove('s1', { metadataOnly: true })).error).toBeNull()
    expect((await vm.revert('new')).error).toBeNull()
    expect(await data()).toEqual([0x11, 0x11])
  })

  it('libvirtd killed in its middle: it is finished by itself, and the data is whole', async () => {
    await snapshots(2)
    const { jobId } = await vm.startRemove('s2')
    await lab.killLibvirtd()
    await lab.startLibvirtd()
    expect(await keyframe.ended({ jobId })).toMatchObject({ status: 'succeeded', error: null })
    expect((await vm.snapshots()).map((each) => each.name)).toEqual(['s1'])
    expect((await vm.snapshots())[0]).toMatchObject({ deleteInProgress: false, unproven: null })
    expect(await data()).toEqual([0x12, 0x12])
    expect((await vm.revert('s1')).error).toBeNull()
    expect(await data()).toEqual([0x10, 0x10])
  })
})

describe('power', () => {
  it('start, force off and resume do what they say, and refuse in the wrong state', async () => {
    expect((await vm.power('force-off')).result).toEqual([`${name} is off.`])
    expect(await state()).toBe('shut off')
    await expect(vm.power('resume')).rejects.toThrow(/shut off can’t be resumed/)
    expect((await vm.power('start')).error).toBeNull()
    await lab.virsh('suspend', name)
    await waitUntil(async () => (await state()) === 'paused', { limitMs: 5_000, what: 'The pause' })
    expect((await vm.power('resume')).error).toBeNull()
    expect(await state()).toBe('running')
  })
})
