import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { acts, guestWrites } from '../../testing/in-process.ts'
import { patternAt } from '../../testing/image-bytes.ts'
import { run } from '../../testing/lab/run-command.ts'
import { disk, startBareGuest, startOnLab } from '../../testing/on-lab.ts'
import { waitUntil } from '../../testing/lab/wait-until.ts'
import { backupActs, makeTarget } from '../../testing/backup-acts.ts'

const MIB = 1024 * 1024
const { lab, keyframe } = await startOnLab('push')
let target: Awaited<ReturnType<typeof makeTarget>>
let number = 0
let name: string
let uuid: string
let vm: ReturnType<typeof backupActs>

beforeAll(async () => {
  target = await makeTarget(lab, 'nightly')
})
beforeEach(async () => {
  name = `p${++number}`
  uuid = await startBareGuest({ lab, keyframe }, name, [disk('qcow2', 32), disk('qcow2')])
  vm = backupActs(keyframe, uuid, target)
})

const checkpoints = async () =>
  (await lab.virsh('checkpoint-list', '--domain', name, '--name'))
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .sort()
const patterns = (backup: { id: string }, file: string, ...mibs: number[]) =>
  Promise.all(mibs.map((mib) => patternAt(vm.file(backup, file), 'qcow2', mib)))
/** Pools that stand on directories of the target. */
async function pools() {
  const names = (await lab.virsh('pool-list', '--all', '--name'))
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const xmls = await Promise.all(names.map((each) => lab.virsh('pool-dumpxml', '--pool', each)))
  return names.filter((_, index) => xmls[index]!.includes(target.path))
}

describe('incremental backups', () => {
  it('a full, then only what changed; each reads as the disks were at its instant; one checkpoint stays', async () => {
    await guestWrites(lab, name, 0, 0x11, 0)
    await guestWrites(lab, name, 0, 0x12, 1)
    await guestWrites(lab, name, 1, 0x21, 0)
    const full = await vm.made()
    expect(full).toMatchObject({ kind: 'full', method: 'checkpoint', parentId: null, check: 'unchecked' })
    expect(full.manifest.fullReason).toMatch(/first backup/)
    await guestWrites(lab, name, 0, 0x13, 1)
    const one = await vm.made()
    expect(one).toMatchObject({ kind: 'increment', parentId: full.id })
    await guestWrites(lab, name, 1, 0x22, 3)
    const two = await vm.made()
    expect(two).toMatchObject({ kind: 'increment', parentId: one.id })
    await guestWrites(lab, name, 0, 0x77, 0)

    expect(await patterns(full, 'vda.qcow2', 0, 1)).toEqual([0x11, 0x12])
    expect(await patterns(one, 'vda.qcow2', 0, 1)).toEqual([0x11, 0x13])
    expect(await patterns(two, 'vda.qcow2', 0, 1)).toEqual([0x11, 0x13])
    expect(await patterns(two, 'vdb.qcow2', 0, 3)).toEqual([0x21, 0x22])
    expect(await patterns(one, 'vdb.qcow2', 0, 3)).toEqual([0x21, 0])
    // 1 MiB was written in between: the tables of an image take 5 clusters of 64 KiB.
    expect(statSync(vm.file(one, 'vda.qcow2')).size).toBeLessThanOrEqual(MIB + 5 * 65_536)
    expect(statSync(vm.file(one, 'vdb.qcow2')).size).toBeLessThanOrEqual(5 * 65_536)
    for (const backup of [full, one, two])
      for (const file of ['vda.qcow2', 'vdb.qcow2'])
        await run('qemu-img', ['check', '-q', vm.file(backup, file)])
    expect(await checkpoints()).toEqual([`keyframe-${two.id}`])
    expect(await pools()).toEqual([])
  })

  it('writes plain files with a manifest that tells the truth about each', async () => {
    const full = await vm.made({ disks: ['vdb'] })
    expect(readdirSync(join(target.path, full.id)).sort()).toEqual([
      'SHA256SUMS',
      'domain.xml',
      'manifest.json',
      'manifest.sig',
      'vdb.qcow2',
    ])
    const sums = full.manifest.files.map((file) => `${file.sha256}  ${file.name}\n`).join('')
    await run('sha256sum', ['-c', '--quiet'], { cwd: join(target.path, full.id), input: sums })
    await run('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: join(target.path, full.id) })
    for (const file of full.manifest.files) expect(statSync(vm.file(full, file.name)).size).toBe(file.bytes)
    // The XML holds passwords: nobody but the daemon's user may read it.
    expect(statSync(vm.file(full, 'domain.xml')).mode & 0o077).toBe(0)
    expect(full.manifest.leftOut).toEqual([{ target: 'vda', reason: 'It was not chosen.' }])
    expect(readFileSync(vm.file(full, 'domain.xml'), 'utf8')).toContain(`<uuid>${uuid}</uuid>`)
    expect(full.bytes).toBe(
      readdirSync(join(target.path, full.id)).reduce(
        (sum, file) => sum + statSync(vm.file(full, file)).size,
        0,
      ),
    )
  })

  it('goes on after a snapshot, its merge, and a stop and start', async () => {
    await guestWrites(lab, name, 0, 0x11, 0)
    await vm.made()
    const other = acts(keyframe, uuid)
    expect((await other.snapshot({ name: 's1', disks: ['vda', 'vdb'] })).status).toBe('succeeded')
    await guestWrites(lab, name, 0, 0x12, 1)
    const beside = await vm.made()
    expect([beside.kind, await patterns(beside, 'vda.qcow2', 0, 1)]).toEqual(['increment', [0x11, 0x12]])
    // The checkpoint that went had its bitmap in the frozen layer: the snapshot is sound all the same.
    expect((await other.snapshots()).map((each) => each.unproven)).toEqual([null])
    expect(
      (await other.merge((await other.plan()).filter((option) => option.direction === 'commit'))).status,
    ).toBe('succeeded')
    await guestWrites(lab, name, 0, 0x13, 2)
    await lab.virsh('destroy', name)
    await lab.startGuest(name)
    const after = await vm.made()
    // A QEMU that was killed has lost its bitmaps; one that ended in order has them.
    expect(await patterns(after, 'vda.qcow2', 0, 1, 2)).toEqual([0x11, 0x12, 0x13])
  })
})

describe('a fresh full by itself, with the reason', () => {
  it('after a revert', async () => {
    await guestWrites(lab, name, 0, 0x11, 0)
    const other = acts(keyframe, uuid)
    await other.snapshot({ name: 's1', disks: ['vda', 'vdb'] })
    await guestWrites(lab, name, 0, 0x12, 0)
    await vm.made()
    expect((await other.revert('s1', { stateAfter: 'running' })).error).toBeNull()
    const full = await vm.made()
    expect([full.kind, full.manifest.fullReason]).toEqual([
      'full',
      expect.stringMatching(/vda .*is lost or broken: the VM was reverted/),
    ])
    expect(await patterns(full, 'vda.qcow2', 0)).toEqual([0x11])
    expect(await checkpoints()).toEqual([`keyframe-${full.id}`])
  })

  it('when the bitmap was removed, a disk resized, a disk added, or the parent’s file is gone; others’ checkpoints are never touched', async () => {
    await lab.virsh('checkpoint-create-as', '--domain', name, 'somebodys')
    const first = await vm.made()
    await lab.virsh('blockresize', '--domain', name, 'vdb', '24M')
    const resized = await vm.made()
    expect([resized.kind, resized.manifest.fullReason]).toEqual([
      'full',
      expect.stringMatching(/vdb was resized from 16777216 to 25165824/),
    ])
    const next = await vm.made()
    expect([next.kind, next.parentId]).toEqual(['increment', resized.id])
    rmSync(vm.file(resized, 'vda.qcow2'))
    const orphaned = await vm.made()
    expect([orphaned.kind, orphaned.manifest.fullReason]).toEqual([
      'full',
      expect.stringMatching(/vda.qcow2 is missing/),
    ])
    await lab.virsh('checkpoint-delete', '--domain', name, `keyframe-${orphaned.id}`)
    const gone = await vm.made({ disks: ['vda'] })
    expect([gone.kind, gone.manifest.fullReason]).toEqual([
      'full',
      expect.stringMatching(/is gone from the VM/),
    ])
    const more = await vm.made()
    expect([more.kind, more.manifest.fullReason]).toEqual([
      'full',
      expect.stringMatching(/vdb is not part of the last backup/),
    ])
    expect(await checkpoints()).toEqual([`keyframe-${more.id}`, 'somebodys'].sort())
    expect(first.kind).toBe('full')
  })
})

describe('a backup that does not come to its end', () => {
  it('leaves neither files nor its checkpoint when cancelled, and the next one is an exact increment', async () => {
    await guestWrites(lab, name, 0, 0x11, 0)
    const full = await vm.made()
    await guestWrites(lab, name, 0, 0x12, 1)
    const { onBoundary } = await import('../../jobs/boundaries.ts')
    const { cancelJob } = await import('../../jobs/cancel-job.ts')
    onBoundary(async (boundary) => {
      if (boundary.step === 'copy') await cancelJob(boundary.jobId)
    })
    const job = await vm.backUp().finally(() => onBoundary(null))
    expect([job.status, job.error, job.result]).toEqual([
      'cancelled',
      null,
      ['Cancelled. Nothing of it is left, and the VM runs on as before.'],
    ])
    expect(vm.folders().filter((folder) => folder.startsWith(name))).toEqual([full.id])
    expect(await checkpoints()).toEqual([`keyframe-${full.id}`])
    const next = await vm.made()
    expect([next.kind, next.parentId, await patterns(next, 'vda.qcow2', 0, 1)]).toEqual([
      'increment',
      full.id,
      [0x11, 0x12],
    ])
  })

  it('libvirtd is restarted and has forgotten how it ended: it does not count, nothing is left, and the next one is right', async () => {
    await guestWrites(lab, name, 0, 0x11, 0)
    const { onBoundary } = await import('../../jobs/boundaries.ts')
    onBoundary(async ({ step, at }) => {
      if (step !== 'copy' || at !== 'waiting') return
      await waitUntil(
        async () =>
          (await lab.virsh('domjobinfo', '--domain', name, '--completed', '--keep-completed')).includes(
            'Completed',
          ),
        { limitMs: 20_000, what: 'The end of the push' },
      )
      await lab.killLibvirtd()
      await lab.startLibvirtd()
    })
    const job = await vm.backUp().finally(() => onBoundary(null))
    expect([job.status, job.error]).toEqual([
      'failed',
      expect.stringMatching(/does not know any more how it ended/),
    ])
    expect([vm.folders().filter((folder) => folder.startsWith(name)), await checkpoints()]).toEqual([[], []])
    expect(await patterns(await vm.made(), 'vda.qcow2', 0)).toEqual([0x11])
  })

  it('the VM is lost in the middle and started again: it does not count, though the job before it ended well', async () => {
    await vm.made()
    const { onBoundary } = await import('../../jobs/boundaries.ts')
    onBoundary(async ({ step, at }) => {
      if (step === 'copy' && at === 'waiting') {
        await lab.virsh('destroy', '--domain', name)
        await lab.startGuest(name)
      }
    })
    const job = await vm.backUp().finally(() => onBoundary(null))
    expect([job.status, job.error]).toEqual([
      'failed',
      expect.stringMatching(/the VM stopped in the middle of it/),
    ])
    expect(vm.folders().filter((folder) => folder.startsWith(name))).toHaveLength(1)
    expect((await checkpoints()).length).toBeLessThanOrEqual(1)
  })

  it('in a target that fills up: a word, nothing left behind, and the next run is right by itself', async () => {
    const small = await makeTarget(lab, 'small', { path: await lab.mountTmpfs('small', 48 * MIB) })
    const there = backupActs(keyframe, uuid, small)
    for (let mib = 0; mib < 12; mib++) await guestWrites(lab, name, 0, 0x11, mib)
    const { onBoundary } = await import('../../jobs/boundaries.ts')
    onBoundary(async (boundary) => {
      if (boundary.step === 'begin' && boundary.at === 'before')
        await run('dd', ['if=/dev/zero', `of=${small.path}/fill`, 'bs=1M', 'count=40', 'status=none'])
    })
    const job = await there.backUp().finally(() => onBoundary(null))
    expect([job.status, job.error]).toEqual([
      'failed',
      expect.stringMatching(/The backup failed: .*No space left|space/),
    ])
    expect([there.folders(), await checkpoints(), await there.list()]).toEqual([[], [], []])
    const tooFull = await there.backUp().catch((error: Error) => error.message)
    expect(typeof tooFull === 'string' ? tooFull : tooFull.error).toMatch(/has not enough space/)
    rmSync(join(small.path, 'fill'))
    const full = await there.made()
    expect(
      await Promise.all([0, 11].map((mib) => patternAt(there.file(full, 'vda.qcow2'), 'qcow2', mib))),
    ).toEqual([0x11, 0x11])
  })
})

describe('a target that is lost in the middle', () => {
  it('a word; what could not be removed then is removed by the next backup, which is right by itself', async () => {
    const mount = await makeTarget(lab, 'mount', { path: await lab.mountTmpfs('mount', 64 * MIB) })
    const there = backupActs(keyframe, uuid, mount)
    await guestWrites(lab, name, 0, 0x11, 0)
    const { onBoundary } = await import('../../jobs/boundaries.ts')
    onBoundary(async ({ step, at }) => {
      if (step === 'read vda.qcow2 back' && at === 'acted')
        await run('mount', ['-o', 'remount,ro', mount.path])
    })
    const job = await there.backUp().finally(() => onBoundary(null))
    expect([job.status, job.error]).toEqual(['failed', expect.stringMatching(/read-only/i)])
    expect([there.folders().length, (await there.list()).length, await checkpoints()]).toEqual([1, 0, []])
    await run('mount', ['-o', 'remount,rw', mount.path])
    const full = await there.made()
    expect([there.folders(), full.kind, await patternAt(there.file(full, 'vda.qcow2'), 'qcow2', 0)]).toEqual([
      [full.id],
      'full',
      0x11,
    ])
  })
})

describe('refusals', () => {
  it('a raw disk, a bandwidth limit, an unknown disk: a word, and nothing is done', async () => {
    await lab.defineGuest({ name: 'raw', system: 'none', disks: [{ format: 'raw', virtualBytes: 16 * MIB }] })
    await lab.startGuest('raw')
    const raw = backupActs(keyframe, await keyframe.uuid('raw'), target)
    await expect(raw.start()).rejects.toThrow(/vda is raw.*Choose snapshot, copy, merge/)
    await expect(vm.start({ bandwidthBytesPerSecond: MIB })).rejects.toThrow(/no bandwidth limit/)
    await expect(vm.start({ disks: ['vdz'] })).rejects.toThrow(/no disk vdz/)
    // This guest has no agent.
    const unquiesced = await vm.backUp({ quiesce: 'required' })
    expect([unquiesced.status, unquiesced.error]).toEqual([
      'failed',
      expect.stringMatching(/quiesce is required: the VM has no channel/),
    ])
    expect([await vm.list(), await checkpoints()]).toEqual([[], []])
  })
  it('a target whose marker is not there is not written to', async () => {
    const away = await makeTarget(lab, 'away')
    rmSync(join(away.path, 'keyframe-target.json'))
    await expect(backupActs(keyframe, uuid, away).start()).rejects.toThrow(
      /not the backup target away.*mounted/,
    )
    expect(readdirSync(away.path)).toEqual([])
  })
})
