import { beforeAll, describe, expect, it } from 'vitest'
import { hostByName } from '../hosts/registry.ts'
import { backupActs, makeTarget } from '../testing/backup-acts.ts'
import { acts, HOST } from '../testing/in-process.ts'
import { fileSystemFaults, readRecords } from '../testing/lab/guest-records.ts'
import type { GuestOptions } from '../testing/lab/guest.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'
import { startOnLab } from '../testing/on-lab.ts'

/** A job that waits for a thaw which does not come takes 10 minutes. */
const SOON_MS = 30_000
const { lab, keyframe } = await startOnLab('odd-agents')
let target: Awaited<ReturnType<typeof makeTarget>>

beforeAll(async () => {
  target = await makeTarget(lab, 'nightly')
})

async function start(name: string, options: Partial<GuestOptions>) {
  await lab.defineGuest({ name, ...options })
  await lab.startGuest(name)
  const uuid = await keyframe.uuid(name)
  return { uuid, vm: acts(keyframe, uuid), backups: backupActs(keyframe, uuid, target) }
}
const agentSays = async (uuid: string) => {
  const host = hostByName(HOST)!
  return host.frozen.read((await host.inventory.vmNow(uuid))!, 0)
}
const status = (name: string) => lab.agent(name, 'guest-fsfreeze-status')
const entries = async (name: string) =>
  (await lab.virsh('snapshot-list', '--domain', name, '--name')).split('\n').filter((line) => line !== '')
const writesTo = async (name: string) =>
  /vda\s+(\S+)/
    .exec(await lab.virsh('domblklist', '--domain', name))![1]!
    .split('/')
    .pop()
const within = async <T>(limitMs: number, act: () => Promise<T>): Promise<T> => {
  const beganMs = Date.now()
  const value = await act()
  expect(Date.now() - beganMs).toBeLessThan(limitMs)
  return value
}

describe('N17: an agent that can’t list file systems', () => {
  const name = 'no-list'
  let guest: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    guest = await start(name, { agentBlocks: ['guest-get-fsinfo'] })
  })

  it('freezes all the same, again and again; how many file systems is said not to be known', async () => {
    expect(await agentSays(guest.uuid)).toEqual({ agent: 'answers', fileSystems: null })
    for (const snapshot of ['first', 'second']) {
      const job = await guest.vm.snapshot({ name: snapshot, disks: ['vda'], quiesce: 'required' })
      expect(job).toMatchObject({ status: 'succeeded', error: null })
      expect(job.result[1]).toMatch(
        /frozen for at most \d+ ms, and is thawed; how many file systems is not known/,
      )
    }
    for (const node of await guest.vm.snapshots())
      expect(await fileSystemFaults(node.disks[0]!.frozenPath!)).toBeUndefined()
    expect([await status(name), await entries(name)]).toEqual(['thawed', ['first', 'second']])
  })

  it('someone else’s freeze is seen as long as it is one, and Thaw ends it', async () => {
    await lab.virsh('domfsfreeze', name)
    expect(await agentSays(guest.uuid)).toEqual({ agent: 'frozen', fileSystems: null })
    const job = await guest.vm.snapshot({ name: 'third', disks: ['vda'], quiesce: 'required' })
    expect(job.error).toMatch(/No snapshot was taken.*frozen already/)
    expect(await entries(name)).not.toContain('third')
    expect(await within(SOON_MS, () => guest.vm.power('thaw'))).toMatchObject({ status: 'succeeded' })
    expect([await status(name), (await agentSays(guest.uuid)).agent]).toEqual(['thawed', 'answers'])
    expect(await guest.vm.snapshot({ name: 'third', disks: ['vda'], quiesce: 'required' })).toMatchObject({
      status: 'succeeded',
      error: null,
    })
  })

  it('is frozen for a backup, too; there the freeze itself tells the number', async () => {
    const { manifest } = await guest.backups.made({ quiesce: 'required' })
    expect(manifest).toMatchObject({
      frozen: true,
      consistency: expect.stringMatching(/1 file system, and is thawed/) as string,
    })
    expect(await status(name)).toBe('thawed')
  })
})

describe('N17: a hook that fails at the thaw', () => {
  const name = 'bad-thaw'
  let guest: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    guest = await start(name, { failingHook: 'thaw' })
    await lab.virsh('snapshot-create-as', '--domain', name, 'parent', '--disk-only')
  })

  it('the snapshot was taken, and counts: libvirt gets the entry back that it dropped, in its place in the tree', async () => {
    const job = await guest.vm.snapshot({
      name: 'hooked',
      description: 'kept <too>',
      disks: ['vda'],
      quiesce: 'required',
    })
    expect(job).toMatchObject({ status: 'succeeded', error: null })
    expect(job.result[1]).toMatch(/was frozen \(1 file system\).*fsfreeze hook has failed with status 1/)
    const hooked = (await guest.vm.snapshots()).find((node) => node.name === 'hooked')!
    expect(hooked).toMatchObject({
      description: 'kept <too>',
      parent: 'parent',
      isCurrent: true,
      unproven: null,
      revertRefusal: null,
    })
    expect(await fileSystemFaults(hooked.disks[0]!.frozenPath!)).toBeUndefined()
    expect(await status(name)).toBe('thawed')
    // What libvirt wrote itself of the snapshot before it, this entry has, too.
    const shape = async (snapshot: string) =>
      (await lab.virsh('snapshot-dumpxml', '--domain', name, '--snapshotname', snapshot))
        .match(/<\w+/g)!
        .sort()
    const own = await shape('parent')
    const ours = await shape('hooked')
    expect([...new Set(own)].filter((tag) => !ours.includes(tag))).toEqual([])
  })

  it('the next job does not wait for it, and Thaw ends', async () => {
    const auto = await within(SOON_MS, () =>
      guest.vm.snapshot({ name: 'next', disks: ['vda'], quiesce: 'auto' }),
    )
    expect(auto).toMatchObject({ status: 'succeeded', error: null })
    expect(await entries(name)).toEqual(['hooked', 'next', 'parent'])
    expect(await within(SOON_MS, () => guest.vm.power('thaw'))).toMatchObject({ status: 'succeeded' })
    await waitUntil(async () => (await agentSays(guest.uuid)).agent === 'answers', {
      limitMs: 10_000,
      what: 'The word that the guest is thawed',
    })
  })

  it('backups of both methods are made, and say what the agent reported', async () => {
    for (const method of ['copy', 'incremental'] as const) {
      const { manifest } = await guest.backups.made({ method, quiesce: 'required' })
      expect([method, manifest.frozen, manifest.consistency]).toEqual([
        method,
        true,
        expect.stringMatching(/fsfreeze hook has failed/),
      ])
    }
    expect(await writesTo(name)).toBe('bad-thaw-vda.next')
  })

  it('a revert to that snapshot gives what it froze, and it can be deleted', async () => {
    const hooked = (await guest.vm.snapshots()).find((node) => node.name === 'hooked')!
    const frozen = await readRecords(hooked.disks[0]!.frozenPath!)
    expect(await guest.vm.revert('hooked', { stateAfter: 'off' })).toMatchObject({
      status: 'succeeded',
      error: null,
    })
    expect(await readRecords((await guest.vm.chains())[0]!.layers.at(-1)!.path)).toEqual(frozen)
    for (const snapshot of ['next', 'hooked'])
      expect(await guest.vm.remove(snapshot)).toMatchObject({ status: 'succeeded', error: null })
    expect(await entries(name)).toEqual(['parent'])
  })
})

describe('N17: a snapshot that libvirt reports as failed and that can’t be put right', () => {
  const request = (disks: string[]) => ({
    name: 'lost',
    description: '',
    quiesce: 'required' as const,
    disks: disks.map((disk) => ({ target: disk, overlayPath: `${lab.imagesDir}/lost-${disk}.lost` })),
  })
  const settled = async (uuid: string, disks: string[]) => {
    const { settleFailedCreate } = await import('./settle-failed-create.ts')
    const { notLogged } = await import('../jobs/step-log.ts')
    return hostByName(HOST)!.connection.operate(async (connect) =>
      settleFailedCreate(
        lab.uri,
        await connect.domainLookupByUUID(uuid),
        request(disks),
        null,
        new Error('the hook failed'),
        notLogged,
      ),
    )
  }

  it('has nothing to make an entry of, once the disks are switched', async () => {
    const { readBefore } = await import('./settle-failed-create.ts')
    const { uuid } = await start('late', {})
    const read = () =>
      hostByName(HOST)!.connection.operate(async (connect) =>
        readBefore(await connect.domainLookupByUUID(uuid), {
          ...request(['vda']),
          disks: [{ target: 'vda', overlayPath: `${lab.imagesDir}/late-vda.s` }],
        }),
      )
    expect(await read()).toMatchObject({ parent: null })
    await lab.virsh('snapshot-create-as', '--domain', 'late', 's', '--disk-only')
    expect(await read()).toBeNull()
  })

  it('says which disks were switched and what to do; that nothing was taken only where nothing was', async () => {
    const { uuid } = await start('lost', {
      failingHook: 'thaw',
      disks: [{ format: 'qcow2' }, { format: 'raw' }],
    })
    await expect(settled(uuid, ['vda', 'vdb'])).rejects.toThrow(/^the hook failed$/)
    const spec = (disk: string, shape: string) => ['--diskspec', `${disk},${shape}`]
    const create = ['snapshot-create-as', '--domain', 'lost', 'lost', '--disk-only', '--quiesce']
    const vda = spec('vda', `file=${lab.imagesDir}/lost-vda.lost`)
    await expect(lab.virsh(...create, ...vda, ...spec('vdb', 'snapshot=no'))).rejects.toThrow(/hook/)
    await expect(settled(uuid, ['vda', 'vdb'])).rejects.toThrow(
      /\(the hook failed\), but vda writes to a new overlay, and not every disk does.*Merge what was added/,
    )
    await expect(settled(uuid, ['vda'])).rejects.toThrow(
      /vda writes to a new overlay, but libvirt has no entry for the snapshot.*Merge what was added/,
    )
  })
})

describe('N17: a hook that fails at the freeze', () => {
  it('required: refused with the agent’s words, nothing changed; auto: taken, crash-consistent; the guest is thawed', async () => {
    const name = 'bad-freeze'
    const { uuid, vm } = await start(name, { failingHook: 'freeze' })
    const required = await vm.snapshot({ name: 's', disks: ['vda'], quiesce: 'required' })
    expect(required).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/No snapshot was taken.*fsfreeze hook has failed with status 1/) as string,
    })
    expect(required.error).not.toMatch(/within 10 s/)
    expect([await entries(name), await writesTo(name)]).toEqual([[], 'bad-freeze-vda.qcow2'])
    const auto = await within(SOON_MS, () => vm.snapshot({ name: 's', disks: ['vda'], quiesce: 'auto' }))
    expect(auto).toMatchObject({ status: 'succeeded', error: null })
    expect(auto.result[1]).toMatch(/not frozen:.*fsfreeze hook has failed.*crash-consistent/)
    expect([await entries(name), await status(name)]).toEqual([['s'], 'thawed'])
    await waitUntil(() => !hostByName(HOST)!.frozen.isFrozen(uuid), {
      limitMs: 10_000,
      what: 'The word that the guest is thawed',
    })
  })
})
