import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { acts } from '../testing/in-process.ts'
import { fileSystemFaults, readRecords } from '../testing/lab/guest-records.ts'
import { WEB } from '../testing/lab/guest.ts'
import type { Lab } from '../testing/lab/lab.ts'
import { run } from '../testing/lab/run-command.ts'
import { defineSavedGuest } from '../testing/lab/saved-guest.ts'
import { startOnLab } from '../testing/on-lab.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'

const MIB = 1024 * 1024
const { lab, keyframe } = await startOnLab('create')
let web: ReturnType<typeof acts>

beforeAll(async () => {
  await defineSavedGuest(lab, WEB)
  await lab.startGuest('web')
  web = acts(keyframe, await keyframe.uuid('web'))
})

const define = async (
  name: string,
  options: Partial<Parameters<Lab['defineGuest']>[0]> = {},
  start = true,
) => {
  await lab.defineGuest({
    name,
    system: 'none',
    disks: [{ format: 'qcow2', virtualBytes: 16 * MIB }],
    ...options,
  })
  if (start) await lab.startGuest(name, { wait: false })
  return acts(keyframe, await keyframe.uuid(name))
}
/** What must not change when an act is refused. */
const state = async (name: string) =>
  JSON.stringify([
    await lab.virsh('dumpxml', '--domain', name),
    await lab.virsh('snapshot-list', '--domain', name, '--name'),
    readdirSync(lab.imagesDir).sort(),
  ])
async function refusedUnchanged(name: string, act: () => Promise<unknown>, sentence: RegExp) {
  const before = await state(name)
  await expect(act()).rejects.toThrow(sentence)
  expect(await state(name)).toBe(before)
}

describe('a quiesced snapshot', () => {
  it('catches both disks at one record on clean file systems, says how long it froze, and the guest goes on', async () => {
    const job = await web.snapshot({
      name: 'quiet',
      disks: ['vda', 'vdb'],
      quiesce: 'required',
      description: 'before <the> "upgrade"',
    })
    expect(job).toMatchObject({ status: 'succeeded', error: null })
    expect(job.result[0]).toMatch(/vda, vdb, all caught at one moment/)
    expect(job.result[1]).toMatch(/frozen for at most \d+ ms, 2 file systems, and is thawed/)
    const [vda, vdb] = lab.guests.web!.disks.map((disk) => disk.path)
    const [first, second] = [await readRecords(vda!), await readRecords(vdb!)]
    expect([0, 1]).toContain(first.at(-1)!.seq - second.at(-1)!.seq)
    expect([await fileSystemFaults(vda!), await fileSystemFaults(vdb!)]).toEqual([undefined, undefined])
    await waitUntil(
      async () =>
        (await readRecords((await web.chains())[0]!.layers.at(-1)!.path)).at(-1)!.seq > first.at(-1)!.seq + 3,
      { limitMs: 20_000, what: 'Records after the snapshot' },
    )
    const node = (await web.snapshots()).find((snapshot) => snapshot.name === 'quiet')!
    expect(node).toMatchObject({
      description: 'before <the> "upgrade"',
      isCurrent: true,
      unproven: null,
      revertRefusal: null,
    })
    expect(node.disks.map((disk) => disk.frozenPath)).toEqual([vda, vdb])
  })

  it('is refused when the guest is frozen already, and taken with the reason by auto', async () => {
    await lab.virsh('domfsfreeze', 'web')
    const job = await web.snapshot({ name: 'twice', disks: ['vda'], quiesce: 'required' })
    expect(job).toMatchObject({ status: 'failed', error: expect.stringMatching(/frozen already/) as string })
    expect((await web.snapshots()).map((snapshot) => snapshot.name)).not.toContain('twice')
    const auto = await web.snapshot({ name: 'auto-frozen', disks: ['vda'], quiesce: 'auto' })
    expect(auto.result.join(' ')).toMatch(/not frozen: its file systems are frozen already/)
    expect(await web.power('thaw')).toMatchObject({ status: 'succeeded' })
    expect(await lab.virsh('domfsinfo', 'web')).toMatch(/vda/)
  })
})

describe('quiesce without an agent that answers', () => {
  it('required: gives up in time, nothing is taken; auto: taken, and says why not frozen', async () => {
    const none = await define('no-agent', { agent: 'none' })
    expect((await none.snapshot({ name: 's', disks: ['vda'], quiesce: 'required' })).error).toMatch(
      /No snapshot was taken.*no channel for the QEMU guest agent/,
    )
    const dead = await define('dead-agent', { agent: 'dead' })
    const startMs = Date.now()
    const job = await dead.snapshot({ name: 's', disks: ['vda'], quiesce: 'required' })
    expect(job.error).toMatch(/No snapshot was taken.*does not answer/)
    expect(Date.now() - startMs).toBeLessThan(15_000)
    for (const name of ['no-agent', 'dead-agent'])
      expect((await lab.virsh('snapshot-list', '--domain', name, '--name')).trim()).toBe('')
    expect((await none.snapshot({ name: 's', disks: ['vda'], quiesce: 'auto' })).result.join(' ')).toMatch(
      /not frozen.*crash-consistent/,
    )
  })

  it('an agent that is slower than the deadline: given up on time, and what it freezes later is thawed', async () => {
    const slow = await define(
      'slow-agent',
      { system: 'linux', agent: 'running', freezeDelayS: 14, disks: [{ format: 'qcow2' }] },
      false,
    )
    await lab.startGuest('slow-agent')
    const startMs = Date.now()
    const job = await slow.snapshot({ name: 's', disks: ['vda'], quiesce: 'required' })
    expect(job).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/No snapshot was taken.*within 10 s/) as string,
    })
    expect(Date.now() - startMs).toBeLessThan(13_000)
    // The freeze comes 4 s after we gave it up, and would stay.
    const records = async () => (await readRecords(lab.guests['slow-agent']!.disks[0]!.path)).at(-1)!.seq
    const { hostByName } = await import('../hosts/registry.ts')
    const { frozen } = hostByName('lab')!
    const uuid = await keyframe.uuid('slow-agent')
    await waitUntil(() => frozen.isFrozen(uuid), {
      limitMs: 20_000,
      what: 'The word that the guest may be frozen',
    })
    await waitUntil(() => !frozen.isFrozen(uuid), { limitMs: 40_000, what: 'The thaw' })
    expect(Date.now() - startMs).toBeGreaterThan(14_000)
    const thawed = await records()
    await waitUntil(async () => (await records()) > thawed + 5, {
      limitMs: 20_000,
      what: 'Records after the thaw',
    })
    expect((await lab.virsh('snapshot-list', 'slow-agent', '--name')).trim()).toBe('')
  })
  it('libvirtd killed inside the freeze: the guest is thawed and the snapshot ends one way or the other', async () => {
    const slow = await define(
      'killed',
      { system: 'linux', agent: 'running', freezeDelayS: 4, disks: [{ format: 'qcow2' }] },
      false,
    )
    await lab.startGuest('killed')
    const uuid = await keyframe.uuid('killed')
    const job = await slow.startSnapshot({ name: 's', quiesce: 'required', disks: ['vda'] })
    const { hostByName } = await import('../hosts/registry.ts')
    const { readJob } = await import('../jobs/read-jobs.ts')
    await waitUntil(async () => (await readJob(job.jobId))?.note?.startsWith('Freezing') ?? false, {
      limitMs: 10_000,
      what: 'The freeze begun',
    })
    await lab.killLibvirtd()
    await lab.startLibvirtd()
    const ended = await keyframe.ended(job)
    expect((await lab.virsh('snapshot-list', 'killed', '--name')).trim()).toBe(
      ended.status === 'succeeded' ? 's' : '',
    )
    await waitUntil(() => !hostByName('lab')!.frozen.isFrozen(uuid), { limitMs: 60_000, what: 'The thaw' })
    expect(await lab.virsh('domfsinfo', 'killed')).toMatch(/vda/)
    expect((await slow.chains())[0]!.layers).toHaveLength(ended.status === 'succeeded' ? 2 : 1)
  })
})

describe('names', () => {
  it.each([
    ['', /a name/],
    ['   ', /a name/],
    ['a/b', /“\/”/],
    ['.x', /dot/],
    ['a\nb', /control/],
    ['a\0b', /control/],
    ['x'.repeat(201), /too long: 201 bytes/],
    ['漢'.repeat(67), /too long: 201 bytes/],
    ['quiet', /in use/],
  ])('%j is refused and nothing changes', async (name, sentence) => {
    await refusedUnchanged('web', () => web.snapshot({ name, disks: ['vda'] }), sentence)
  })

  it('with spaces, quotes, <&>, a leading -, umlauts, Chinese, 200 bytes: taken, reverted to and deleted', async () => {
    const odd = await define('odd')
    for (const name of ['-x', 'a--a', `"it's" <b>&amp;`, ' ümläut 漢字 ', 'n'.repeat(200)]) {
      expect(await odd.snapshot({ name, disks: ['vda'] })).toMatchObject({ status: 'succeeded', error: null })
      expect(await odd.revert(name, { stateAfter: 'running' })).toMatchObject({
        status: 'succeeded',
        error: null,
      })
      expect((await odd.snapshots()).map((snapshot) => snapshot.name)).toEqual([name])
      expect(await odd.remove(name)).toMatchObject({ status: 'succeeded', error: null })
    }
    expect((await odd.files('vda')).length).toBe(1)
  })

  it('the same name from two browsers at once: one snapshot, one clean refusal', async () => {
    const twin = await define('twin')
    const results = await Promise.allSettled([
      twin.snapshot({ name: 'same', disks: ['vda'] }),
      twin.snapshot({ name: 'same', disks: ['vda'] }),
    ])
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    expect(
      String((results.find((result) => result.status === 'rejected') as PromiseRejectedResult).reason),
    ).toMatch(/is busy|in use/)
    expect((await lab.virsh('snapshot-list', '--domain', 'twin', '--name')).trim()).toBe('same')
  })
})

describe('where overlays go', () => {
  it.each([
    ['relative/dir', /absolute path/],
    ['/etc', /may not go to \/etc/],
    ['/nowhere', /may not go to/],
  ])('%s is refused', async (overlayDirectory, sentence) => {
    await refusedUnchanged(
      'web',
      () => web.snapshot({ name: 'elsewhere', disks: ['vda'], overlayDirectory }),
      sentence,
    )
  })

  it('a file that exists already is refused, and stays', async () => {
    const file = join(lab.imagesDir, 'web-vda.there')
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', file, '1M'])
    await refusedUnchanged('web', () => web.snapshot({ name: 'there', disks: ['vda'] }), /that file exists/)
  })

  it('a full file system is seen before; one that fills up or can’t be written changes nothing', async () => {
    const small = await lab.mountTmpfs('full', 3 * MIB)
    await lab.virsh('pool-create-as', 'full', 'dir', '--target', small)
    await run('dd', ['if=/dev/zero', `of=${small}/fill`, 'bs=1M', 'count=2', 'status=none'])
    await refusedUnchanged(
      'web',
      () => web.snapshot({ name: 'nospace', disks: ['vda'], overlayDirectory: small }),
      /is full/,
    )
    const readOnly = await lab.mountTmpfs('ro', 16 * MIB)
    await lab.virsh('pool-create-as', 'ro', 'dir', '--target', readOnly)
    await run('mount', ['-o', 'remount,ro', readOnly])
    const before = await state('web')
    expect(
      (await web.snapshot({ name: 'readonly', disks: ['vda', 'vdb'], overlayDirectory: readOnly })).error,
    ).toMatch(/libvirt may not write where the overlays would go/)
    expect(await state('web')).toBe(before)
  })
})

describe('disks that can’t be part of a snapshot', () => {
  it('are listed with the reason, refused when chosen, and left out otherwise', async () => {
    mkdirSync(join(lab.dir, 'media'), { recursive: true })
    const name = 'disks'
    const mixed = await define(
      name,
      {
        disks: [
          { format: 'qcow2', virtualBytes: 16 * MIB },
          { format: 'raw', virtualBytes: 16 * MIB, readonly: true },
          { format: 'raw', virtualBytes: 16 * MIB, shareable: true },
          { device: 'cdrom' },
          { target: 'vde', network: { protocol: 'nbd', name: 'x', host: '127.0.0.1', port: 1 } },
        ],
      },
      false,
    )
    const { snapshotForm } = await import('./snapshot-form.ts')
    const form = await snapshotForm('lab', await keyframe.uuid(name))
    expect(form.disks.map((disk) => [disk.target, disk.refusal])).toEqual([
      ['vda', null],
      ['vdb', expect.stringMatching(/read-only/)],
      ['vdc', expect.stringMatching(/shareable/)],
      ['vde', expect.stringMatching(/network/)],
      ['hdc', expect.stringMatching(/cdrom/)],
    ])
    for (const disk of form.disks.slice(1))
      await refusedUnchanged(
        name,
        () => mixed.snapshot({ name: 's', disks: [disk.target] }),
        new RegExp(`${disk.target} can’t be part`),
      )
    await refusedUnchanged(name, () => mixed.snapshot({ name: 's', disks: [] }), /at least one disk/)
    await refusedUnchanged(name, () => mixed.snapshot({ name: 's', disks: ['vdz'] }), /has no disk vdz/)
    expect(await mixed.snapshot({ name: 's', disks: ['vda'], quiesce: 'auto' })).toMatchObject({
      status: 'succeeded',
    })
    expect(
      (await mixed.snapshots())[0]!.disks
        .filter((disk) => disk.kind === 'external')
        .map((disk) => disk.target),
    ).toEqual(['vda'])
  })

  it('a VM that is off with a saved state is refused: it would write below the overlay', async () => {
    const saved = await define('saved')
    await lab.virsh('managedsave', 'saved')
    await refusedUnchanged('saved', () => saved.snapshot({ name: 's', disks: ['vda'] }), /saved state/)
    await lab.virsh('managedsave-remove', 'saved')
    await refusedUnchanged(
      'saved',
      () => saved.snapshot({ name: 's', disks: ['vda'], quiesce: 'required' }),
      /is shut off/,
    )
    const job = await saved.snapshot({ name: 's', disks: ['vda'], quiesce: 'auto' })
    expect(job.result.join(' ')).toMatch(/The VM is off: its disks are as it left them\./)
    expect(existsSync(join(lab.imagesDir, 'saved-vda.s'))).toBe(true)
  })
})
