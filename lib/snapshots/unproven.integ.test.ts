import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { acts, guestWrites, HOST } from '../testing/in-process.ts'
import { patternAt } from '../testing/image-bytes.ts'
import { disk, startBareGuest, startOnLab } from '../testing/on-lab.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'

const { lab, keyframe } = await startOnLab('unproven')
let number = 0
let name: string
let vm: ReturnType<typeof acts>

const unproven = async () =>
  Object.fromEntries((await vm.snapshots()).map((each) => [each.name, each.unproven]))
/** A commit by virsh, begun and broken off while Keyframe was down: what it heard of it is taken out of its records. */
async function brokenCommit() {
  await lab.virsh('blockcommit', name, 'vda', '--active', '--bandwidth', '1048576', '--bytes')
  await waitUntil(async () => /cur=[1-9]/.test(await lab.virsh('blockjob', name, 'vda', '--raw')), {
    limitMs: 10_000,
    everyMs: 20,
    what: 'The first bytes of the commit',
  })
  await lab.virsh('blockjob', name, 'vda', '--abort')
  await waitUntil(async () => /another tool began a merge/.test((await unproven()).s1 ?? ''), {
    limitMs: 5_000,
    what: 'libvirt’s word of the broken-off commit',
  })
  const { store } = await import('../store/store.ts')
  await store().deleteFrom('tainted_layers').execute()
}

beforeEach(async () => {
  name = `u${++number}`
  vm = acts(keyframe, await startBareGuest({ lab, keyframe }, name, [disk(number % 2 ? 'qcow2' : 'raw')]))
  for (const n of [0, 1, 2, 3]) await guestWrites(lab, name, 0, 0x10, n)
})

describe('a layer that was changed while nobody looked', () => {
  it.each(['qcow2', 'raw'])(
    'is told by its modification time: refused for revert unless the VM’s name is typed (%s)',
    async () => {
      expect((await vm.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
      for (const n of [0, 1, 2, 3]) await guestWrites(lab, name, 0, 0x20, n)
      expect(await unproven()).toEqual({ s1: null })
      await brokenCommit()
      // Pages share what was read of a file for a second.
      await waitUntil(
        async () =>
          /was changed .* after it was frozen, and Keyframe has no record of a finished merge/.test(
            (await unproven()).s1 ?? '',
          ),
        { limitMs: 5_000, what: 'The word that s1 is unproven' },
      )
      await expect(vm.revert('s1')).rejects.toThrow(/is unproven.*type the VM’s name/)
      await expect(vm.revert('s1', { insist: 'other' })).rejects.toThrow(/is unproven/)
      expect(await vm.files('vda')).toHaveLength(2)
      expect((await vm.revert('s1', { insist: name, stateAfter: 'off' })).error).toBeNull()
    },
  )
})

describe('a layer that is sound', () => {
  it('is not called written to because the list is older than another tool’s snapshot', async () => {
    await vm.chains()
    await lab.virsh('snapshot-create-as', name, 's1', '--disk-only', '--atomic')
    expect(await unproven()).toEqual({ s1: null })
  })

  it('stays so through guest writes, a stop and a start, and another tool’s snapshot', async () => {
    await lab.virsh('snapshot-create-as', name, 's1', '--disk-only', '--atomic')
    expect((await vm.snapshot({ name: 's2', disks: ['vda'] })).error).toBeNull()
    for (const n of [0, 1]) await guestWrites(lab, name, 0, 0x30, n)
    await lab.virsh('destroy', name)
    await lab.startGuest(name)
    expect(await unproven()).toEqual({ s1: null, s2: null })
  })

  it('stays so through a finished merge and a finished delete below it, which changed the file long after', async () => {
    for (const n of [1, 2, 3, 4]) {
      expect((await vm.snapshot({ name: `s${n}`, disks: ['vda'] })).error).toBeNull()
      await guestWrites(lab, name, 0, 0x40 + n, n)
    }
    // Later than a snapshot could still have been going on: only the record tells that the change is sound.
    await sleep(17_000)
    const layers = (await vm.chains())[0]!.layers.map((layer) => layer.path)
    const plan = (await vm.plan({ target: 'vda', topPath: layers[2]!, basePath: layers[1]! })).find(
      (option) => option.direction === 'commit',
    )!
    expect((await vm.merge([plan])).error).toBeNull()
    expect((await vm.remove('s4')).error).toBeNull()
    expect(await unproven()).toEqual({ s1: null, s3: null })
    await brokenCommit()
    await waitUntil(async () => /was changed/.test((await unproven()).s3 ?? ''), {
      limitMs: 5_000,
      what: 'The word that s3 is unproven',
    })
  })

  it('a delete by virsh leaves its neighbours unproven or sound, never wrong', async () => {
    for (const n of [1, 2]) {
      expect((await vm.snapshot({ name: `s${n}`, disks: ['vda'] })).error).toBeNull()
      await guestWrites(lab, name, 0, 0x50 + n, n)
    }
    await lab.virsh('snapshot-delete', name, 's1')
    expect(Object.keys(await unproven())).toEqual(['s2'])
    expect((await vm.revert('s2', { stateAfter: 'off', insist: name })).error).toBeNull()
    const active = (await vm.chains())[0]!.layers.at(-1)!.path
    expect(await patternAt(active, 'qcow2', 1)).toBe(0x51)
    expect(await patternAt(active, 'qcow2', 2)).toBe(0x10)
  })
})

describe('the plan that was shown', () => {
  it('is refused once a snapshot by virsh changed what it rests on, and nothing is done', async () => {
    expect((await vm.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
    const [shown] = (await vm.plan()).filter((option) => option.direction === 'commit')
    await lab.virsh('snapshot-create-as', name, 'between', '--disk-only', '--atomic')
    const { startMerge } = await import('../merges/start-merge.ts')
    const range = {
      target: 'vda',
      direction: 'commit' as const,
      topPath: shown!.topPath,
      basePath: shown!.basePath,
      fingerprint: shown!.plan.fingerprint,
    }
    const uuid = await keyframe.uuid(name)
    await expect(
      startMerge(
        { host: HOST, vm: uuid, ranges: [range], bandwidthBytesPerSecond: 0, nonce: crypto.randomUUID() },
        { name: 'tester' },
      ),
    ).rejects.toThrow(/changed since it was shown/)
    expect(await vm.files('vda')).toHaveLength(3)
    const { startRevert } = await import('./revert-to-snapshot.ts')
    await expect(
      startRevert(
        {
          host: HOST,
          vm: uuid,
          snapshot: 's1',
          stateAfter: 'as-it-was',
          safetySnapshot: false,
          fingerprint: 'of another day',
          nonce: crypto.randomUUID(),
        },
        { name: 'tester' },
      ),
    ).rejects.toThrow(/changed since it was shown/)
  })
})
