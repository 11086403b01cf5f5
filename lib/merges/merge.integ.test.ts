import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { acts, guestFlushes, guestWrites } from '../testing/in-process.ts'
import { patternAt } from '../testing/image-bytes.ts'
import { startBareGuest, startOnLab, TWO_DISKS } from '../testing/on-lab.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'

const MIB = 1024 * 1024
const { lab, keyframe } = await startOnLab('merge')
let number = 0
let name: string
let vm: ReturnType<typeof acts>
let uuid: string

const path = (file: string) => join(lab.imagesDir, file)
const commitAll = async () => (await vm.plan()).filter((option) => option.direction === 'commit')

/** A guest of its own for each test: a raw and a qcow2 disk, one pattern per layer. */
beforeEach(async () => {
  name = `m${++number}`
  uuid = await startBareGuest({ lab, keyframe }, name, TWO_DISKS)
  vm = acts(keyframe, uuid)
})

/** Snapshots s1…sn; layer n holds the pattern 0x10 + n in the MiB n, and every layer overwrites MiB 0. */
async function layers(count: number) {
  for (let n = 0; n <= count; n++) {
    if (n > 0) expect((await vm.snapshot({ name: `s${n}`, disks: ['vda', 'vdb'] })).status).toBe('succeeded')
    for (const disk of [0, 1]) {
      await guestWrites(lab, name, disk, 0x10 + n, n)
      await guestWrites(lab, name, disk, 0x10 + n, 0)
    }
  }
}

const flush = () => guestFlushes(lab, name, 2)

async function dataIsWhole(top: string, format: 'raw' | 'qcow2', count: number) {
  if ((await lab.virsh('domstate', name)).trim() !== 'shut off') await flush()
  expect(await patternAt(top, format, 0)).toBe(0x10 + count)
  for (let n = 1; n <= count; n++) expect(await patternAt(top, format, n)).toBe(0x10 + n)
}

describe('commit', () => {
  it('merges all disks down to their bases, raw stays raw, no file and no metadata is left', async () => {
    await layers(3)
    const job = await vm.merge(await commitAll())
    expect(job).toMatchObject({ status: 'succeeded', error: null })
    expect(await vm.files('vda')).toEqual([`${name}-vda.img`])
    expect(await vm.files('vdb')).toEqual([`${name}-vdb.qcow2`])
    await dataIsWhole(path(`${name}-vda.img`), 'raw', 3)
    await dataIsWhole(path(`${name}-vdb.qcow2`), 'qcow2', 3)
    expect(await vm.snapshots()).toEqual([])
    expect((await lab.virsh('snapshot-list', '--domain', name)).trim()).toBe('')
    for (const n of [1, 2, 3]) expect(existsSync(path(`${name}-vda.s${n}`))).toBe(false)
    expect(await lab.virsh('dumpxml', name)).not.toContain('<mirror')
  })

  it('merges a middle range; the snapshot at its top stays and gives its own data after a revert', async () => {
    await layers(3)
    const [top, base] = [path(`${name}-vda.s2`), path(`${name}-vda.s1`)]
    const plan = (await vm.plan({ target: 'vda', topPath: top, basePath: base })).find(
      (option) => option.direction === 'commit',
    )!
    // s2 froze the layer that receives; s3 froze the top, whose content the receiver then has.
    expect(plan).toMatchObject({ refusal: null, lostSnapshots: ['s2'], removedFiles: [top] })
    expect((await vm.merge([plan])).status).toBe('succeeded')
    expect(await vm.files('vda')).toEqual([`${name}-vda.img`, `${name}-vda.s1`, `${name}-vda.s3`])
    await dataIsWhole(path(`${name}-vda.s3`), 'qcow2', 3)
    expect((await vm.snapshots()).map((snapshot) => snapshot.name)).toEqual(['s1', 's3'])
    expect(existsSync(top)).toBe(false)
    expect((await vm.revert('s3', { stateAfter: 'off' })).error).toBeNull()
    const active = (await vm.files('vda')).at(-1)!
    expect(await patternAt(path(active), 'qcow2', 0)).toBe(0x12)
    expect(await patternAt(path(active), 'qcow2', 3)).toBe(0)
  })

  it('keeps a relative backing name relative', async () => {
    await lab.virsh('destroy', name)
    const { run } = await import('../testing/lab/run-command.ts')
    const { rename } = await import('node:fs/promises')
    const disk = path(`${name}-vdb.qcow2`)
    await rename(disk, path(`${name}-base.qcow2`))
    for (const [file, backing] of [
      ['mid', 'base'],
      ['top', 'mid'],
    ] as const)
      await run('qemu-img', [
        'create',
        '-q',
        '-f',
        'qcow2',
        '-b',
        `${name}-${backing}.qcow2`,
        '-F',
        'qcow2',
        path(`${name}-${file}.qcow2`),
      ])
    await rename(path(`${name}-top.qcow2`), disk)
    for (const file of [disk, path(`${name}-mid.qcow2`), path(`${name}-base.qcow2`)]) lab.user.own(file)
    await lab.startGuest(name)
    const [option] = await vm.plan({
      target: 'vdb',
      topPath: path(`${name}-mid.qcow2`),
      basePath: path(`${name}-base.qcow2`),
    })
    await expect(vm.merge([option!])).rejects.toThrow(/a template.*type its name/)
    expect((await vm.merge([option!], 0, { insist: `${name}-base.qcow2` })).error).toBeNull()
    const info = JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', disk])) as Record<
      string,
      string
    >
    expect(info['backing-filename']).toBe(`${name}-base.qcow2`)
  })

  it('a paused VM is merged and stays paused', async () => {
    await layers(1)
    await lab.virsh('suspend', name)
    expect((await vm.merge(await commitAll())).status).toBe('succeeded')
    expect((await lab.virsh('domstate', name)).trim()).toBe('paused')
    await dataIsWhole(path(`${name}-vdb.qcow2`), 'qcow2', 1)
  })
})

describe('pull', () => {
  it('with nothing below makes the active layer stand alone; the restore points and their files stay', async () => {
    await layers(2)
    const plan = (await vm.plan({ target: 'vdb' })).find((option) => option.direction === 'pull')!
    expect(plan).toMatchObject({ refusal: null, lostSnapshots: [], removedFiles: [] })
    expect((await vm.merge([plan])).error).toBeNull()
    expect(await vm.files('vdb')).toEqual([`${name}-vdb.s2`])
    await dataIsWhole(path(`${name}-vdb.s2`), 'qcow2', 2)
    expect(await patternAt(path(`${name}-vdb.s1`), 'qcow2', 0)).toBe(0x11)
  })

  it('with a base stops there, and removes the layer between when no snapshot reads it', async () => {
    await layers(2)
    for (const snapshot of ['s2', 's1']) await lab.virsh('snapshot-delete', name, snapshot, '--metadata')
    const plan = (await vm.plan({ target: 'vdb', basePath: path(`${name}-vdb.qcow2`) })).find(
      (option) => option.direction === 'pull',
    )!
    expect((await vm.merge([plan])).error).toBeNull()
    expect(await vm.files('vdb')).toEqual([`${name}-vdb.qcow2`, `${name}-vdb.s2`])
    expect(existsSync(path(`${name}-vdb.s1`))).toBe(false)
    await dataIsWhole(path(`${name}-vdb.s2`), 'qcow2', 2)
  })

  it('leaves a layer that a VM has in its configuration for the next start only', async () => {
    await layers(2)
    for (const snapshot of ['s2', 's1']) await lab.virsh('snapshot-delete', name, snapshot, '--metadata')
    const between = path(`${name}-vdb.s1`)
    const plan = (await vm.plan({ target: 'vdb', basePath: path(`${name}-vdb.qcow2`) })).find(
      (option) => option.direction === 'pull',
    )!
    await lab.virsh(
      'attach-disk',
      name,
      between,
      'vdz',
      '--config',
      '--subdriver',
      'qcow2',
      '--mode',
      'readonly',
    )
    const job = await vm.merge([plan])
    expect(job.error).toBeNull()
    expect(job.result.join(' ')).toContain(
      `${between} stays: vdz of the VM ${name} at its next start needs it`,
    )
    expect(await vm.files('vdb')).toEqual([`${name}-vdb.qcow2`, `${name}-vdb.s2`])
    expect(await patternAt(between, 'qcow2', 1)).toBe(0x11)
  })
})

describe('QEMU killed at the very end of a pull, when it has cut the backing file off and not written what it pulled', () => {
  it('is not believed: the pull is done again from the old layers, and no byte is lost', async () => {
    await layers(2)
    // What the guest itself has not flushed is lost in a crash, pull or not.
    await flush()
    const { onBoundary } = await import('../jobs/boundaries.ts')
    onBoundary(async ({ step, at }) => {
      if (step !== 'flush vdb' || at !== 'before') return
      onBoundary(null)
      process.kill(await lab.qemuPid(name), 'SIGKILL')
      await waitUntil(async () => (await lab.virsh('domstate', name)).trim() === 'shut off', {
        limitMs: 10_000,
        what: 'The end of QEMU',
      })
      // The trap: the image says that it stands alone, and nothing of what it should hold is there.
      expect(await patternAt(path(`${name}-vdb.s2`), 'qcow2', 1)).toBe(0)
    })
    const plan = (await vm.plan({ target: 'vdb' })).find((option) => option.direction === 'pull')!
    expect((await vm.merge([plan])).error).toBeNull()
    expect(await vm.files('vdb')).toEqual([`${name}-vdb.s2`])
    await dataIsWhole(path(`${name}-vdb.s2`), 'qcow2', 2)
    expect((await vm.power('start')).error).toBeNull()
  })

  it('a VM that was lost then and started by somebody is refused, also when it is tried again, and no old layer is removed', async () => {
    await layers(2)
    for (const snapshot of ['s2', 's1']) await lab.virsh('snapshot-delete', name, snapshot, '--metadata')
    const { onBoundary } = await import('../jobs/boundaries.ts')
    onBoundary(async ({ step, at }) => {
      if (step !== 'flush vdb' || at !== 'before') return
      onBoundary(null)
      process.kill(await lab.qemuPid(name), 'SIGKILL')
      await waitUntil(async () => (await lab.virsh('domstate', name)).trim() === 'shut off', {
        limitMs: 10_000,
        what: 'The end of QEMU',
      })
      await lab.virsh('start', name)
    })
    const plan = (await vm.plan({ target: 'vdb', basePath: path(`${name}-vdb.qcow2`) })).find(
      (option) => option.direction === 'pull',
    )!
    expect(plan.removedFiles).toEqual([path(`${name}-vdb.s1`)])
    const job = await vm.merge([plan])
    expect(job.error).toMatch(/was lost at the very end of the pull .* and is running again/)
    const { chooseWayOut } = await import('../jobs/choose-way-out.ts')
    await chooseWayOut({ jobId: job.id, act: 'retry' })
    expect((await keyframe.ended({ jobId: job.id })).error).toMatch(/is running again/)
    expect(existsSync(path(`${name}-vdb.s1`))).toBe(true)
    await lab.virsh('destroy', name)
    await chooseWayOut({ jobId: job.id, act: 'retry' })
    expect(await keyframe.ended({ jobId: job.id })).toMatchObject({ status: 'succeeded', error: null })
    expect(await patternAt(path(`${name}-vdb.s2`), 'qcow2', 1)).toBe(0x11)
    expect(existsSync(path(`${name}-vdb.s1`))).toBe(false)
  })

  it('a paused VM is refused: QEMU flushes when it stops its vCPUs', async () => {
    await layers(1)
    await lab.virsh('suspend', name)
    expect((await vm.plan({ target: 'vdb' })).find((option) => option.direction === 'pull')!.refusal).toMatch(
      /is paused: a pull is made safe/,
    )
  })
})

describe('what is refused, with nothing changed', () => {
  it('a VM that is off', async () => {
    await layers(1)
    await lab.virsh('destroy', name)
    for (const option of await vm.plan()) expect(option.refusal).toMatch(/shut off.*Start it first/)
    const [option] = await vm.plan()
    await expect(vm.merge([option!])).rejects.toThrow(/Start it first/)
    expect((await vm.files('vda')).length).toBe(2)
  })

  it('a commit into a layer that another VM shares, running or not', async () => {
    await layers(1)
    await lab.defineGuest({
      name: `${name}x`,
      system: 'none',
      disks: [{ format: 'qcow2', path: path(`${name}-vdb.qcow2`) }],
    })
    await keyframe.uuid(`${name}x`)
    const option = (await vm.plan({ target: 'vdb' })).find((each) => each.direction === 'commit')!
    expect(option.refusal).toContain(`also needed by vda of the VM ${name}x`)
    await expect(vm.merge([option])).rejects.toThrow(/Pull up instead/)
    await lab.virsh('undefine', `${name}x`)
  })

  it('a second job on a disk that has one, here and with virsh', async () => {
    await layers(1)
    await lab.virsh('blockcommit', name, 'vdb', '--active', '--bandwidth', '65536', '--bytes')
    const option = (await vm.plan({ target: 'vdb' })).find((each) => each.direction === 'commit')!
    expect(option.refusal).toMatch(/has a block job already/)
    await expect(vm.merge([option])).rejects.toThrow(/block job/)
    await expect(vm.snapshot({ name: 'busy', disks: ['vda'] })).rejects.toThrow(
      /is busy: a block commit of vdb is running/,
    )
    await expect(vm.revert('s1')).rejects.toThrow(/is busy/)
    await lab.virsh('blockjob', name, 'vdb', '--abort')
  })

  it('layers that are not in the chain, upside down, or none', async () => {
    await layers(1)
    expect((await vm.plan({ target: 'vda', topPath: '/nowhere' }))[0]!.refusal).toMatch(
      /is not a layer of vda/,
    )
    expect((await vm.plan({ target: 'vda', topPath: path(`${name}-vda.img`) }))[0]!.refusal).toMatch(
      /must lie below/,
    )
    expect(await vm.plan({ target: 'vdz' })).toEqual([])
    await expect(
      vm.merge([{ target: 'vdz', direction: 'commit', topPath: 'x', basePath: 'y' }]),
    ).rejects.toThrow(/has no disk vdz/)
  })
})

describe('a merge that does not come to its end', () => {
  /** A commit that lasts: 6 MiB at 256 KiB/s. */
  async function slowMerge() {
    await layers(1)
    for (let n = 2; n < 8; n++) await guestWrites(lab, name, 1, 0x40 + n, n)
    await flush()
    const option = (await vm.plan({ target: 'vdb' })).find((each) => each.direction === 'commit')!
    const { jobId } = await vm.startMerge([option], 256 * 1024)
    const { readJob } = await import('../jobs/read-jobs.ts')
    await waitUntil(async () => ((await readJob(jobId))?.percent ?? 0) > 0, {
      limitMs: 20_000,
      what: 'Progress of the merge',
    })
    return jobId
  }
  const whole = async () => {
    await dataIsWhole(path(`${name}-vdb.s1`), 'qcow2', 1)
    expect(await patternAt(path(`${name}-vdb.s1`), 'qcow2', 7)).toBe(0x47)
  }

  it('cancelled: the chain is as it was, and the restore point that it has spoilt is refused', async () => {
    const jobId = await slowMerge()
    const { cancelJob } = await import('../jobs/cancel-job.ts')
    await cancelJob(jobId)
    const job = await keyframe.ended({ jobId })
    expect(job.status).toBe('cancelled')
    expect(job.result.join()).toMatch(/s1 can’t be reverted to any more/)
    expect(await vm.files('vdb')).toEqual([`${name}-vdb.qcow2`, `${name}-vdb.s1`])
    await whole()
    expect((await vm.snapshots())[0]!.unproven).toMatch(/was begun and not finished/)
    await expect(vm.revert('s1')).rejects.toThrow(/no longer holds what was frozen/)
    // Merged to the end, all is tidy again.
    expect((await vm.merge(await commitAll())).error).toBeNull()
    expect(await vm.snapshots()).toEqual([])
  })

  it('its limit can be changed while it runs', async () => {
    const jobId = await slowMerge()
    const { setMergeBandwidth } = await import('./set-bandwidth.ts')
    await setMergeBandwidth({ jobId, bandwidthBytesPerSecond: 1_000_000 })
    expect(await lab.virsh('blockjob', name, 'vdb', '--info', '--bytes')).toContain('1000000')
    await setMergeBandwidth({ jobId, bandwidthBytesPerSecond: 0 })
    expect((await keyframe.ended({ jobId })).status).toBe('succeeded')
    expect(await patternAt(path(`${name}-vdb.qcow2`), 'qcow2', 7)).toBe(0x47)
  })

  it('broken off half way: a narrower merge into the same base is refused, for it would pass the base off as sound; a full one tidies up', async () => {
    await layers(2)
    for (let n = 3; n < 9; n++) await guestWrites(lab, name, 1, 0x40 + n, n)
    const full = (await vm.plan({ target: 'vdb' })).find((option) => option.direction === 'commit')!
    const { jobId } = await vm.startMerge([full], MIB)
    const { readJob } = await import('../jobs/read-jobs.ts')
    await waitUntil(
      async () =>
        (await readJob(jobId))!.canCancel &&
        /cur=[1-9]/.test(await lab.virsh('blockjob', name, 'vdb', '--raw')),
      { limitMs: 20_000, everyMs: 50, what: 'The first bytes' },
    )
    await (await import('../jobs/cancel-job.ts')).cancelJob(jobId)
    expect((await keyframe.ended({ jobId })).status).toBe('cancelled')
    const narrow = (
      await vm.plan({ target: 'vdb', topPath: path(`${name}-vdb.s1`), basePath: path(`${name}-vdb.qcow2`) })
    ).find((option) => option.direction === 'commit')!
    expect(narrow.refusal).toMatch(/was broken off that reached further up than this one/)
    await expect(vm.merge([narrow])).rejects.toThrow(/reached further up/)
    expect(
      (await vm.merge([(await vm.plan({ target: 'vdb' })).find((option) => option.direction === 'commit')!]))
        .error,
    ).toBeNull()
    await dataIsWhole(path(`${name}-vdb.qcow2`), 'qcow2', 2)
  })

  it('begun with virsh and broken off: the restore point that it has spoilt is refused', async () => {
    await layers(1)
    for (let n = 2; n < 8; n++) await guestWrites(lab, name, 1, 0x40 + n, n)
    const { watch } = await import('../live/hub.ts')
    const close = watch('lab', uuid)
    expect((await vm.snapshots())[0]!.unproven).toBeNull()
    await lab.virsh('blockcommit', name, 'vdb', '--active', '--bandwidth', '1048576', '--bytes')
    await waitUntil(async () => (await vm.snapshots())[0]!.unproven !== null, {
      limitMs: 10_000,
      what: 'The word that s1 is unproven',
    })
    await lab.virsh('blockjob', name, 'vdb', '--abort')
    close()
    await expect(vm.revert('s1')).rejects.toThrow(/another tool began a merge into|is busy/)
    await waitUntil(async () => (await vm.snapshots())[0]!.revertRefusal === null, {
      limitMs: 10_000,
      what: 'The end of the job',
    })
    await expect(vm.revert('s1')).rejects.toThrow(
      /is unproven.*another tool began a merge into.*type the VM’s name/,
    )
    // A snapshot taken afterwards is not touched by it; libvirt tells its time in whole seconds.
    const abortedMs = Date.now()
    await waitUntil(() => Date.now() > abortedMs + 2_100, { limitMs: 5_000, what: 'The next second but one' })
    expect((await vm.snapshot({ name: 'after', disks: ['vda', 'vdb'] })).error).toBeNull()
    expect((await vm.snapshots()).map((snapshot) => [snapshot.name, snapshot.unproven === null])).toEqual([
      ['s1', false],
      ['after', true],
    ])
  })

  it('begun with virsh and broken off between two looks: libvirt’s word of its end is enough', async () => {
    await layers(2)
    for (let n = 2; n < 8; n++) await guestWrites(lab, name, 1, 0x40 + n, n)
    await lab.virsh(
      `blockcommit ${name} vdb --active --base ${path(`${name}-vdb.s1`)} --bandwidth 1048576 --bytes; blockjob ${name} vdb --abort`,
    )
    await waitUntil(async () => (await vm.snapshots()).at(-1)!.unproven !== null, {
      limitMs: 10_000,
      what: 'The word that s2 is unproven',
    })
    expect((await vm.snapshots()).map((snapshot) => snapshot.unproven)).toEqual([
      null,
      expect.stringMatching(/another tool began a merge into .*vdb.s1/),
    ])
  })

  it('ended with virsh: its snapshot, whose layer is written to again, is refused and its metadata can go', async () => {
    await layers(1)
    await lab.virsh('blockcommit', name, 'vda', '--active', '--pivot', '--wait')
    await waitUntil(async () => /is written to by vda of/.test((await vm.snapshots())[0]!.unproven ?? ''), {
      limitMs: 10_000,
      what: 'The word that s1 is gone',
    })
    await expect(vm.revert('s1')).rejects.toThrow(/merged by hand/)
    expect((await vm.remove('s1', { metadataOnly: true })).error).toBeNull()
  })

  it('libvirtd killed and started again in its middle: it goes on to its end', async () => {
    const jobId = await slowMerge()
    await lab.killLibvirtd()
    const { readJob } = await import('../jobs/read-jobs.ts')
    await waitUntil(async () => /Waiting for the host/.test((await readJob(jobId))?.note ?? ''), {
      limitMs: 20_000,
      what: 'The word that the host is away',
    })
    await lab.startLibvirtd()
    const { setMergeBandwidth } = await import('./set-bandwidth.ts')
    await waitUntil(() => setMergeBandwidth({ jobId, bandwidthBytesPerSecond: 0 }).then(() => true), {
      limitMs: 20_000,
      what: 'The limit taken away',
    }).catch(async (error: unknown) => {
      if ((await readJob(jobId))?.endedAtMs === null) throw error
    })
    expect(await keyframe.ended({ jobId })).toMatchObject({ status: 'succeeded', error: null })
    expect(await vm.files('vdb')).toEqual([`${name}-vdb.qcow2`])
    expect(await patternAt(path(`${name}-vdb.qcow2`), 'qcow2', 7)).toBe(0x47)
  })

  it('QEMU killed in its middle: the job says so, the chain and its data are whole', async () => {
    const jobId = await slowMerge()
    process.kill(await lab.qemuPid(name), 'SIGKILL')
    const job = await keyframe.ended({ jobId })
    expect(job.status).toBe('failed')
    expect(job.error).toMatch(
      /stopped \(shut off\) in the middle of it.*The chain is as it was.*s1 can’t be reverted to/,
    )
    await whole()
    expect((await vm.snapshots())[0]!.unproven).not.toBeNull()
  })
})

it('a file system without room for the merge is seen before it begins', async () => {
  const small = await lab.mountTmpfs('small', 8 * MIB)
  const { run } = await import('../testing/lab/run-command.ts')
  const base = join(small, 'base.qcow2')
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', base, '64M'])
  lab.user.own(base)
  await lab.defineGuest({ name: 'tight', system: 'none', disks: [{ format: 'qcow2', path: base }] })
  const roomy = await lab.mountTmpfs('roomy', 64 * MIB)
  await lab.virsh('pool-create-as', 'roomy', 'dir', '--target', roomy)
  await lab.startGuest('tight')
  const tight = acts(keyframe, await keyframe.uuid('tight'))
  expect((await tight.snapshot({ name: 's1', disks: ['vda'], overlayDirectory: roomy })).error).toBeNull()
  for (let n = 0; n < 20; n++) await guestWrites(lab, 'tight', 0, 0x30, n)
  const option = (await tight.plan()).find((each) => each.direction === 'commit')!
  expect(option.refusal).toMatch(/may not be enough space: .*base\.qcow2 can grow by/)
  await expect(tight.merge([option])).rejects.toThrow(/Free space first/)
  expect((await tight.files('vda')).length).toBe(2)
})
