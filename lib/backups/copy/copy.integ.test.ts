import { readdirSync } from 'node:fs'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { acts, guestFlushes, guestWrites } from '../../testing/in-process.ts'
import { patternAt } from '../../testing/image-bytes.ts'
import { run } from '../../testing/lab/run-command.ts'
import { disk, startBareGuest, startOnLab } from '../../testing/on-lab.ts'
import { waitUntil } from '../../testing/lab/wait-until.ts'
import type { Boundary } from '../../jobs/boundaries.ts'
import { backupActs, makeTarget } from '../../testing/backup-acts.ts'

const MIB = 1024 * 1024
const { lab, keyframe } = await startOnLab('copy')
let target: Awaited<ReturnType<typeof makeTarget>>
let number = 0
let name: string
let uuid: string
let vm: ReturnType<typeof backupActs>

const listen = async (listener: ((boundary: Boundary) => Promise<unknown>) | null) =>
  (await import('../../jobs/boundaries.ts')).onBoundary(
    listener &&
      (async (boundary) => {
        await listener(boundary)
      }),
  )

beforeAll(async () => {
  target = await makeTarget(lab, 'copies')
})
beforeEach(async () => {
  name = `c${++number}`
  uuid = await startBareGuest({ lab, keyframe }, name, [disk('raw', 32), disk('qcow2')])
  vm = backupActs(keyframe, uuid, target)
  await guestWrites(lab, name, 0, 0x11, 0)
  await guestWrites(lab, name, 1, 0x21, 0)
})
afterEach(() => listen(null))

const patterns = (backup: { id: string }, file: string, ...mibs: number[]) =>
  Promise.all(mibs.map((mib) => patternAt(vm.file(backup, file), 'qcow2', mib)))
const flush = () => guestFlushes(lab, name, 2)
/** The VM runs on its own images alone, and nothing else is there. */
async function isAsBefore() {
  const own = acts(keyframe, uuid)
  expect([await own.files('vda'), await own.files('vdb')]).toEqual([
    [`${name}-vda.img`],
    [`${name}-vdb.qcow2`],
  ])
  expect(
    readdirSync(lab.imagesDir)
      .filter((file) => file.startsWith(`${name}-`))
      .sort(),
  ).toEqual([`${name}-vda.img`, `${name}-vdb.qcow2`])
  expect((await lab.virsh('snapshot-list', '--domain', name, '--name')).trim()).toBe('')
  expect(
    (await lab.virsh('list', '--all', '--name')).split('\n').filter((line) => line.startsWith('keyframe-')),
  ).toEqual([])
}

describe('snapshot, copy, merge', () => {
  it('catches a raw and a qcow2 disk at one moment while the guest writes on, and leaves them as they were', async () => {
    // After the snapshot and before the copies: what is written then is not of that moment.
    await listen(async ({ step, at }) => {
      if (step === 'copy vda' && at === 'before') {
        await guestWrites(lab, name, 0, 0x12, 0)
        await guestWrites(lab, name, 1, 0x22, 3)
      }
    })
    const backup = await vm.made({ method: 'copy', bandwidthBytesPerSecond: 64 * MIB })
    expect(backup).toMatchObject({
      kind: 'full',
      method: 'copy',
      manifest: { fullReason: null, vm: { wasRunning: true } },
    })
    expect([await patterns(backup, 'vda.qcow2', 0), await patterns(backup, 'vdb.qcow2', 0, 3)]).toEqual([
      [0x11],
      [0x21, 0],
    ])
    for (const file of ['vda.qcow2', 'vdb.qcow2'])
      await run('qemu-img', ['check', '-q', vm.file(backup, file)])
    await isAsBefore()
    await flush()
    expect(await patternAt(lab.guests[name]!.disks[0]!.path, 'raw', 0)).toBe(0x12)
    expect(await patternAt(lab.guests[name]!.disks[1]!.path, 'qcow2', 3)).toBe(0x22)
    expect((await lab.virsh('domstate', name)).trim()).toBe('running')
  })

  it('its limit can be changed while it copies: QEMU has it at once, and the disks after it have the new limit', async () => {
    const { setBandwidth } = await import('./set-bandwidth.ts')
    const { readJob } = await import('../../jobs/read-jobs.ts')
    const { readJobStory } = await import('../../jobs/step-log.ts')
    const [slowLimit, fastLimit] = [8 * MIB, 32 * MIB]
    await lab.defineGuest({
      name: 'limited',
      system: 'none',
      disks: [
        { format: 'raw', virtualBytes: 256 * MIB },
        { format: 'qcow2', virtualBytes: 8 * MIB },
      ],
    })
    await lab.startGuest('limited')
    await guestWrites(lab, 'limited', 0, 0x11, 0, 96)
    const limited = backupActs(keyframe, await keyframe.uuid('limited'), target)
    const { jobId } = await limited.start({ method: 'copy', bandwidthBytesPerSecond: slowLimit })
    const qemusLimit = async () =>
      Number(
        /bandwidth=(\d+)/.exec(
          await lab
            .virsh(
              'blockjob',
              '--domain',
              `keyframe-copy-${jobId.slice(0, 8)}`,
              '--path',
              'vda',
              '--raw',
              '--bytes',
            )
            .catch(() => ''),
        )?.[1] ?? 0,
      )
    await waitUntil(async () => (await qemusLimit()) === slowLimit, {
      limitMs: 30_000,
      everyMs: 50,
      what: 'The copy at its pace',
    })
    expect((await readJob(jobId))!.limitBytesPerSecond).toBe(slowLimit)
    await setBandwidth({ jobId, bandwidthBytesPerSecond: fastLimit })
    expect(await qemusLimit()).toBe(fastLimit)
    expect((await readJob(jobId))!.limitBytesPerSecond).toBe(fastLimit)
    expect(await keyframe.ended({ jobId })).toMatchObject({
      status: 'succeeded',
      error: null,
      limitBytesPerSecond: null,
    })
    const story = await readJobStory(jobId)
    // 96 MiB are read back under the limit, too: without it in less than half a second.
    const reading = story.find((step) => step.name === 'read vda.qcow2 back')!
    expect(reading.endedAtMs! - reading.begunAtMs).toBeGreaterThan(2_000)
    const calls = story
      .flatMap((step) => step.calls)
      .filter((call) => call.procedure === 'virDomainBlockCopy')
    expect(calls.map((call) => /--bandwidth (\d+)/.exec(call.virsh)?.[1])).toEqual([
      String(slowLimit),
      String(fastLimit),
    ])
    const backup = (await limited.list())[0]!
    expect(
      await Promise.all([0, 95, 96].map((mib) => patternAt(limited.file(backup, 'vda.qcow2'), 'qcow2', mib))),
    ).toEqual([0x11, 0x11, 0])
    await expect(setBandwidth({ jobId, bandwidthBytesPerSecond: 0 })).rejects.toThrow(/has ended already/)
    await lab.virsh('destroy', 'limited')

    // So it is with the copy of a restore: at 1 MiB/s this one would take more than a minute.
    const { startRestore } = await import('../restore/start-restore.ts')
    const restore = await startRestore(
      {
        targetId: target.id,
        backupId: backup.id,
        name: 'limited again',
        directory: null,
        networkUp: false,
        bandwidthBytesPerSecond: MIB,
        nonce: crypto.randomUUID(),
      },
      { name: 'tester' },
    )
    await waitUntil(async () => (await readJob(restore.jobId))!.limitBytesPerSecond === MIB, {
      limitMs: 30_000,
      everyMs: 50,
      what: 'The copy of the restore',
    })
    const begunMs = Date.now()
    await setBandwidth({ jobId: restore.jobId, bandwidthBytesPerSecond: 0 })
    expect(await keyframe.ended(restore)).toMatchObject({ status: 'succeeded', error: null })
    expect(Date.now() - begunMs).toBeLessThan(60_000)
  })

  it('a backup that QEMU pushes has no limit, and says so', async () => {
    const { setBandwidth } = await import('./set-bandwidth.ts')
    const { jobId } = await vm.start({ disks: ['vdb'] })
    await expect(setBandwidth({ jobId, bandwidthBytesPerSecond: MIB })).rejects.toThrow(
      /libvirt has no bandwidth limit for a backup that QEMU pushes/,
    )
    expect((await keyframe.ended({ jobId })).status).toBe('succeeded')
  })

  it('cancelled in the middle of a copy it ends merged, and nothing is left in the target', async () => {
    const { cancelJob } = await import('../../jobs/cancel-job.ts')
    const before = vm.folders()
    await listen(async ({ step, at, jobId }) => {
      if (step === 'copy vdb' && at === 'before') await cancelJob(jobId)
    })
    const job = await vm.backUp({ method: 'copy', bandwidthBytesPerSecond: 8 * MIB })
    expect([job.status, job.result]).toEqual([
      'cancelled',
      ['Cancelled. Nothing of it is left, and the VM runs on as before.'],
    ])
    expect(vm.folders()).toEqual(before)
    await isAsBefore()
  })

  it('the VM stops in the middle: its disks are merged back while it is off, it stays off, and the backup is good', async () => {
    await listen(async ({ step, at }) => {
      if (step === 'copy vda' && at === 'before') await guestWrites(lab, name, 0, 0x12, 1)
      if (step === 'merge vda back' && at === 'before') await lab.virsh('destroy', name)
    })
    const backup = await vm.made({ method: 'copy' })
    expect(await patterns(backup, 'vda.qcow2', 0, 1)).toEqual([0x11, 0])
    expect((await lab.virsh('domstate', name)).trim()).toBe('shut off')
    await isAsBefore()
    expect(await patternAt(lab.guests[name]!.disks[0]!.path, 'raw', 1)).toBe(0x12)
  })

  it('an overlay that another VM came to need is merged back, stays, and is named in the outcome', async () => {
    await lab.defineGuest({ name: 'borrower', system: 'none', disks: [disk('raw')] })
    const overlaysOf = (target: string) =>
      readdirSync(lab.imagesDir).filter((file) => file.startsWith(`${name}-${target}.keyframe-`))
    await listen(async ({ step, at }) => {
      if (step !== 'copy vda' || at !== 'before') return
      const overlay = `${lab.imagesDir}/${overlaysOf('vda')[0]}`
      await lab.virsh('attach-disk', 'borrower', overlay, 'vdz', '--config', '--subdriver', 'qcow2')
    })
    const job = await vm.backUp({ method: 'copy' })
    await lab.virsh('undefine', 'borrower')
    expect([job.status, overlaysOf('vda').length, overlaysOf('vdb').length]).toEqual(['succeeded', 1, 0])
    expect(job.result.join('\n')).toMatch(
      new RegExp(`/${name}-vda\\.keyframe-\\S+ stays: vdz of the VM borrower needs it`),
    )
  })

  it('a VM that can’t be looked at holds up no overlay that the backup itself made', async () => {
    await lab.defineGuest({
      name: 'unknown',
      system: 'none',
      disks: [{ format: 'qcow2', volume: { pool: 'nowhere', name: 'unknown.qcow2' } }],
    })
    const job = await vm.backUp({ method: 'copy' })
    await lab.virsh('undefine', 'unknown')
    expect([job.status, job.result.join('\n')]).toEqual(['succeeded', expect.not.stringContaining('stays')])
    await isAsBefore()
  })

  it('libvirtd is killed in the middle of a copy: it is copied anew, and all ends well', async () => {
    // 24 MiB at 4 MiB/s: QEMU begins with up to 16 MiB at once.
    await guestWrites(lab, name, 0, 0x11, 0, 24)
    const { jobId } = await vm.start({ method: 'copy', bandwidthBytesPerSecond: 4 * MIB })
    const { readJob } = await import('../../jobs/read-jobs.ts')
    const job = await waitUntil(
      async () => {
        const now = await readJob(jobId)
        return now?.endedAtMs !== null || now.note?.startsWith('Copying vda') ? now : undefined
      },
      { limitMs: 30_000, everyMs: 50, what: 'The copy' },
    )
    expect([job?.endedAtMs, job?.error]).toEqual([null, null])
    await lab.killLibvirtd()
    await lab.startLibvirtd()
    expect(await keyframe.ended({ jobId })).toMatchObject({ status: 'succeeded', error: null })
    expect(await patterns((await vm.list()).at(-1)!, 'vda.qcow2', 0, 23)).toEqual([0x11, 0x11])
    await isAsBefore()
  })

  it('the QEMU of the helper that copies is killed: a word, merged, nothing left; the next is right', async () => {
    await guestWrites(lab, name, 0, 0x11, 0, 24)
    const before = vm.folders()
    const { jobId } = await vm.start({ method: 'copy', bandwidthBytesPerSecond: 4 * MIB })
    const helper = `keyframe-copy-${jobId.slice(0, 8)}`
    const pid = await waitUntil(
      async () =>
        (await lab.virsh('blockjob', helper, 'vda', '--raw').catch(() => '')).includes('type=')
          ? lab.qemuPid(helper)
          : undefined,
      { limitMs: 30_000, everyMs: 50, what: 'The copy' },
    )
    process.kill(pid, 'SIGKILL')
    const job = await keyframe.ended({ jobId })
    expect([job.status, job.error]).toEqual(['failed', expect.stringMatching(/\S/)])
    expect(job.error).not.toMatch(/for a reason that Keyframe does not know/)
    expect(vm.folders()).toEqual(before)
    await isAsBefore()
    expect(await patterns(await vm.made({ method: 'copy' }), 'vda.qcow2', 0, 23)).toEqual([0x11, 0x11])
  })

  it('in a target that fills up: a word, nothing left behind, merged', async () => {
    const small = await makeTarget(lab, 'small', { path: await lab.mountTmpfs('small', 48 * MIB) })
    for (let mib = 0; mib < 8; mib++) await guestWrites(lab, name, 0, 0x11, mib)
    await listen(async ({ step, at }) => {
      if (step === 'copy vda' && at === 'before')
        await run('dd', ['if=/dev/zero', `of=${small.path}/fill`, 'bs=1M', 'count=44', 'status=none'])
    })
    const there = backupActs(keyframe, uuid, small)
    const job = await there.backUp({ method: 'copy' })
    expect([job.status, job.error]).toEqual(['failed', expect.stringMatching(/space/i)])
    expect([there.folders(), await there.list()]).toEqual([[], []])
    await isAsBefore()
  })
})

describe('a VM that is off', () => {
  it('is copied whole, also when an increment was asked for, with the reason', async () => {
    await lab.virsh('destroy', name)
    const backup = await vm.made()
    expect(backup).toMatchObject({
      kind: 'full',
      method: 'copy',
      manifest: {
        fullReason: expect.stringMatching(/is shut off/) as string,
        consistency: 'The VM was off.',
        vm: { wasRunning: false },
      },
    })
    expect([await patterns(backup, 'vda.qcow2', 0), await patterns(backup, 'vdb.qcow2', 0)]).toEqual([
      [0x11],
      [0x21],
    ])
    expect((await lab.virsh('domstate', name)).trim()).toBe('shut off')
    await isAsBefore()
  })
})
