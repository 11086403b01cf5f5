import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { backupActs, makeTarget } from '../../testing/backup-acts.ts'
import { HOST } from '../../testing/in-process.ts'
import { run } from '../../testing/lab/run-command.ts'
import { startOnLab } from '../../testing/on-lab.ts'

const MIB = 1024 * 1024
const { lab, keyframe } = await startOnLab('targets')

const add = async (name: string, place: string) =>
  (await import('./add-target.ts')).addTarget({ host: HOST, name, place, quotaBytes: null })
const names = async () =>
  (await (await import('./targets.ts')).listTargets(HOST)).map((target) => target.name)

describe('a target', () => {
  it('is a directory or a pool of the hypervisor; removed and added again it is the same, with its backups', async () => {
    const first = await makeTarget(lab, 'first')
    const pool = join(lab.dir, 'pooled')
    mkdirSync(pool)
    lab.user.own(pool)
    await lab.virsh('pool-create-as', 'vault', 'dir', '--target', pool)
    expect(await add('second', 'vault')).toMatchObject({
      path: pool,
      usedBytes: 0,
      backups: 0,
      quotaBytes: null,
    })
    expect(await names()).toEqual(['first', 'second'])
    await lab.defineGuest({ name: 'a', system: 'none', disks: [{ format: 'qcow2', virtualBytes: 16 * MIB }] })
    await lab.startGuest('a')
    const uuid = await keyframe.uuid('a')
    const backup = await backupActs(keyframe, uuid, first).made()
    const { removeTarget } = await import('./remove-target.ts')
    await removeTarget({ targetId: first.id })
    expect(await names()).toEqual(['second'])
    expect(readdirSync(first.path).sort()).toEqual([backup.id, 'keyframe-target.json'].sort())
    expect(await add('again', `${first.path}/`)).toMatchObject({
      id: first.id,
      path: first.path,
      usedBytes: backup.bytes,
      backups: 1,
    })
    // Its checkpoint is Keyframe's all the same: the next backup is an increment.
    const next = await backupActs(keyframe, uuid, first).made()
    expect([next.kind, next.parentId]).toEqual(['increment', backup.id])
    const { listTargets } = await import('./targets.ts')
    const second = (await listTargets(HOST)).find((target) => target.name === 'second')!
    const elsewhere = await backupActs(keyframe, uuid, second).made()
    expect(elsewhere.manifest.fullReason).toMatch(/first backup of this VM in this target/)
    const back = await backupActs(keyframe, uuid, first).made()
    expect([back.kind, back.manifest.fullReason]).toEqual([
      'full',
      expect.stringMatching(/is gone from the VM/),
    ])
  })

  it.each([
    ['relative/dir', /no pool called “relative\/dir”/],
    ['/etc', /belongs to the system/],
    ['/usr/local/backups', /belongs to the system/],
    ['/', /belongs to the system/],
    ['/nowhere/at/all', /no such directory/],
    ['/a\nb', /control characters/],
  ])('%j is refused, and nothing is added', async (place, sentence) => {
    const before = await names()
    await expect(add('bad', place)).rejects.toThrow(sentence)
    expect(await names()).toEqual(before)
  })

  it('is refused inside of another, twice, under a name in use, and where libvirt may not write', async () => {
    const outer = await makeTarget(lab, 'outer')
    mkdirSync(join(outer.path, 'inner'))
    await expect(add('inner', join(outer.path, 'inner'))).rejects.toThrow(/would lie one inside the other/)
    await expect(add('twice', outer.path)).rejects.toThrow(/is the target outer already/)
    await expect(add('outer', join(lab.dir, 'x'))).rejects.toThrow(/has a target called outer/)
    const readOnly = await lab.mountTmpfs('ro', 16 * MIB)
    await run('mount', ['-o', 'remount,ro', readOnly])
    await expect(add('ro', readOnly)).rejects.toThrow(/libvirt may not write there/)
  })

  it('is looked at by many at once, some coming while others go', async () => {
    const target = await makeTarget(lab, 'busy')
    const { freeBytesOf } = await import('./look-at-target.ts')
    const { hostByName } = await import('../../hosts/registry.ts')
    const host = hostByName(HOST)!
    // libvirt ends a pool and forgets it in two moves: one look in thirty meets the instant between them.
    for (let round = 0; round < 20; round++) {
      const looks = Array.from({ length: 40 }, async (_, index) => {
        await setTimeout((index % 10) * 7)
        return index % 4 === 3 ? host.files.freeBytes(target.path) : freeBytesOf(host, target)
      })
      for (const freeBytes of await Promise.all(looks)) expect(freeBytes).toBeGreaterThan(0)
    }
  })

  it('with a quota takes no backup beyond it', async () => {
    const small = await makeTarget(lab, 'quota', { quotaBytes: MIB })
    await lab.defineGuest({ name: 'q', system: 'none', disks: [{ format: 'raw', virtualBytes: 16 * MIB }] })
    writeFileSync(lab.guests.q!.disks[0]!.path, Buffer.alloc(16 * MIB, 1))
    const vm = backupActs(keyframe, await keyframe.uuid('q'), small)
    const job = await vm.backUp({ method: 'copy' })
    expect([job.status, job.error]).toEqual([
      'failed',
      expect.stringMatching(
        /The quota of the target quota would be exceeded: 0 MiB of 1 MiB are used, and the backup may take 16 MiB/,
      ),
    ])
    expect(vm.folders()).toEqual([])
    rmSync(join(small.path, 'keyframe-target.json'))
  })
})
