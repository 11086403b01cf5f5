import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { acts, guestWrites, HOST } from '../../testing/in-process.ts'
import { patternAt } from '../../testing/image-bytes.ts'
import { startOnLab } from '../../testing/on-lab.ts'
import type { Backup } from '../catalogue/catalogue.ts'
import { backupActs, makeTarget } from '../../testing/backup-acts.ts'

const MIB = 1024 * 1024
const USER = { name: 'tester' }
const { lab, keyframe } = await startOnLab('restore')
let target: Awaited<ReturnType<typeof makeTarget>>
let vm: ReturnType<typeof backupActs>
let full: Backup
let increment: Backup

/** A running VM with a full and an increment; what the guest wrote after each is in no backup before it. */
beforeAll(async () => {
  target = await makeTarget(lab, 'nightly')
  await lab.defineGuest({ name: 'db', system: 'none', disks: [{ format: 'qcow2', virtualBytes: 16 * MIB }] })
  const xml = join(lab.dir, 'db.xml')
  writeFileSync(
    xml,
    (await lab.virsh('dumpxml', '--inactive', '--domain', 'db')).replace(
      '</devices>',
      `<interface type='user'><mac address='52:54:00:11:22:33'/><model type='virtio'/></interface></devices>`,
    ),
  )
  await lab.virsh('define', xml)
  await lab.startGuest('db')
  vm = backupActs(keyframe, await keyframe.uuid('db'), target)
  await guestWrites(lab, 'db', 0, 0x11, 0)
  full = await vm.made()
  await guestWrites(lab, 'db', 0, 0x12, 1)
  increment = await vm.made()
  await guestWrites(lab, 'db', 0, 0x13, 2)
})

const check = async (backup: Backup) =>
  keyframe.ended(
    await (
      await import('../check/start-check.ts')
    ).startCheck({ targetId: target.id, backupId: backup.id, nonce: crypto.randomUUID() }, USER),
  )
const restore = async (backup: Backup, name: string, directory: string | null = null) =>
  keyframe.ended(
    await (
      await import('./start-restore.ts')
    ).startRestore(
      {
        targetId: target.id,
        backupId: backup.id,
        name,
        directory,
        networkUp: false,
        bandwidthBytesPerSecond: 0,
        nonce: crypto.randomUUID(),
      },
      USER,
    ),
  )
const image = (name: string) => join(lab.imagesDir, name)
const known = async (backup: Backup) => (await vm.list()).find((each) => each.id === backup.id)!

/** Changes one byte in the middle of a file; gives the way back. */
function spoil(path: string): () => void {
  const file = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  const at = 300_000
  readSync(file, byte, 0, 1, at)
  const write = (value: number) => writeSync(file, Buffer.from([value]), 0, 1, at)
  write(byte[0]! ^ 1)
  return () => {
    write(byte[0]!)
    closeSync(file)
  }
}

describe('check', () => {
  it('finds nothing in what was written, one wrong byte, a missing file, and a changed manifest; the verdict is on record', async () => {
    expect(await check(increment)).toMatchObject({ status: 'succeeded', error: null })
    expect(await known(increment)).toMatchObject({
      check: 'good',
      checkNote: expect.stringMatching(/All \d+ files are as they were written/) as string,
    })
    const mend = spoil(vm.file(full, 'vda.qcow2'))
    expect((await check(full)).error).toMatch(
      /is damaged: vda.qcow2 was changed since it was written: its SHA-256/,
    )
    expect(await known(full)).toMatchObject({ check: 'damaged' })
    mend()
    expect((await check(full)).status).toBe('succeeded')
    const extra = vm.file(increment, 'domain.xml')
    rmSync(extra)
    expect((await check(increment)).error).toMatch(/domain.xml is missing/)
  })
})

describe('the catalogue', () => {
  it('is made anew from the directory alone: backups come back, what is no backup is named', async () => {
    const { store } = await import('../../store/store.ts')
    const { rebuildCatalogue } = await import('../catalogue/rebuild-catalogue.ts')
    await store().deleteFrom('backups').execute()
    await lab.virsh('pool-create-as', 'made', 'dir', '--target', join(target.path, 'half-made'), '--build')
    const rebuilt = await rebuildCatalogue(target.id)
    expect(rebuilt.found.sort()).toEqual([full.id, increment.id].sort())
    expect(rebuilt.unreadable).toEqual([
      { name: 'half-made', problem: expect.stringMatching(/no manifest.json/) as string },
    ])
    expect((await vm.list()).map((each) => [each.id, each.parentId, each.bytes, each.check])).toEqual([
      [full.id, null, full.bytes, 'unchecked'],
      [increment.id, full.id, increment.bytes, 'unchecked'],
    ])
    // One that can't be read just now is not gone: what rests on it would be taken for lost.
    const manifest = join(target.path, increment.id, 'manifest.json')
    renameSync(manifest, `${manifest}.away`)
    const again = await rebuildCatalogue(target.id)
    expect([again.found, again.gone, again.unreadable.map(({ name }) => name).sort()]).toEqual([
      [full.id],
      [],
      [increment.id, 'half-made'].sort(),
    ])
    expect((await vm.list()).map((each) => [each.id, each.check, each.checkNote])).toEqual([
      [full.id, 'unchecked', null],
      [increment.id, 'damaged', expect.stringMatching(/^A rescan found: it has no manifest\.json/) as string],
    ])
    // Back again, the next rescan takes its verdict back.
    renameSync(`${manifest}.away`, manifest)
    expect((await rebuildCatalogue(target.id)).found.sort()).toEqual([full.id, increment.id].sort())
    expect((await vm.list()).map((each) => each.check)).toEqual(['unchecked', 'unchecked'])
    await lab.virsh('pool-destroy', 'made')
    rmSync(join(target.path, 'half-made'), { recursive: true })
  })
})

describe('restore as a new VM', () => {
  it('holds the disks as they were at each backup, under a name, UUID and MAC of its own, unplugged and off', async () => {
    expect(await restore(full, 'db at first')).toMatchObject({ status: 'succeeded', error: null })
    expect(await patternAt(image('db_at_first-vda.qcow2'), 'qcow2', 0)).toBe(0x11)
    expect(await patternAt(image('db_at_first-vda.qcow2'), 'qcow2', 1)).toBe(0)
    const xml = await lab.virsh('dumpxml', '--domain', 'db at first')
    expect(xml).not.toContain(vm.file(full, ''))
    expect(xml).not.toContain('52:54:00:11:22:33')
    expect(xml).not.toContain(await keyframe.uuid('db'))
    expect(xml).toContain(`<link state='down'/>`)
    expect((await lab.virsh('domstate', '--domain', 'db at first')).trim()).toBe('shut off')
    await lab.startGuest('db at first')
    await lab.virsh('destroy', '--domain', 'db at first')
  })

  it('a damaged link of its chain is found before anything is written, and then it is refused at once', async () => {
    // domain.xml of the increment is missing since the test of the check.
    const before = readdirSync(lab.imagesDir).sort()
    const job = await restore(increment, 'broken')
    expect([job.status, job.error]).toEqual([
      'failed',
      expect.stringMatching(
        /is damaged: domain.xml is missing\. It was not restored, and nothing was written/,
      ),
    ])
    await expect(restore(increment, 'broken')).rejects.toThrow(/can’t be restored\. It is damaged/)
    expect(readdirSync(lab.imagesDir).sort()).toEqual(before)
    await guestWrites(lab, 'db', 0, 0x14, 3)
    const fresh = await vm.made()
    expect([fresh.kind, fresh.manifest.fullReason]).toEqual(['full', expect.stringMatching(/damaged/)])
    const next = await vm.made()
    const mend = spoil(vm.file(fresh, 'vda.qcow2'))
    expect((await restore(next, 'broken')).error).toMatch(
      new RegExp(`rests on ${fresh.id}, which is damaged`),
    )
    expect(existsSync(image('broken-vda.qcow2'))).toBe(false)
    mend()
  })

  it('refuses a name or a file that is there, and a directory that is none for disks; nothing is changed', async () => {
    await expect(restore(full, 'db')).rejects.toThrow(/has a VM called db/)
    await expect(restore(full, 'a/b')).rejects.toThrow(/must not contain/)
    await expect(restore(full, 'elsewhere', '/etc')).rejects.toThrow(/may not go to \/etc/)
    await expect(restore(full, 'elsewhere', target.path)).rejects.toThrow(/may not go to/)
    writeFileSync(image('there-vda.qcow2'), 'mine')
    await expect(restore(full, 'there')).rejects.toThrow(/exists already/)
    expect(readFileSync(image('there-vda.qcow2'), 'utf8')).toBe('mine')
  })
})

describe('restore in place', () => {
  it('replaces the disks of a VM that is off, keeps the old ones, and puts them back or removes them as asked', async () => {
    const { startRestoreInPlace, startEndRestore } = await import('./start-restore-in-place.ts')
    await lab.defineGuest({ name: 'app', system: 'none', disks: [{ format: 'raw', virtualBytes: 16 * MIB }] })
    await lab.startGuest('app')
    const uuid = await keyframe.uuid('app')
    const app = backupActs(keyframe, uuid, target)
    await guestWrites(lab, 'app', 0, 0x31, 0)
    const backup = await app.made({ method: 'copy' })
    await guestWrites(lab, 'app', 0, 0x32, 0)
    const start = (insist: string) =>
      startRestoreInPlace(
        {
          targetId: target.id,
          backupId: backup.id,
          insist,
          bandwidthBytesPerSecond: 0,
          nonce: crypto.randomUUID(),
        },
        USER,
      )
    const end = async (jobId: string, keep: 'restored' | 'old') =>
      keyframe.ended(await startEndRestore({ jobId, keep, nonce: crypto.randomUUID() }, USER))
    await expect(start('app')).rejects.toThrow(/is running: shut it down first/)
    await lab.virsh('destroy', 'app')
    await expect(start('other')).rejects.toThrow(/Type its name/)
    const active = async () =>
      /<source file='([^']*)'/.exec(
        /<disk[\s\S]*?<\/disk>/.exec(await lab.virsh('dumpxml', '--domain', 'app'))![0],
      )![1]!
    const old = image('app-vda.img')

    const first = await start('app')
    expect(await keyframe.ended(first)).toMatchObject({ status: 'succeeded', error: null })
    const restored = await active()
    // One MiB of sixteen was ever written: the rest takes no room.
    expect(statSync(restored).blocks * 512).toBeLessThan(4 * MIB)
    await expect(start('app')).rejects.toThrow(/its old disks are still kept. Say which ones are right first/)
    expect([restored === old, await patternAt(restored, 'raw', 0), await patternAt(old, 'raw', 0)]).toEqual([
      false,
      0x31,
      0x32,
    ])
    expect(await end(first.jobId, 'old')).toMatchObject({ status: 'succeeded', error: null })
    expect([await active(), existsSync(restored), existsSync(old)]).toEqual([old, false, true])

    const second = await start('app')
    expect(await keyframe.ended(second)).toMatchObject({ status: 'succeeded', error: null })
    expect(await end(second.jobId, 'restored')).toMatchObject({ status: 'succeeded', error: null })
    expect([existsSync(old), await patternAt(await active(), 'raw', 0)]).toEqual([false, 0x31])
    // A second dialog, still open: the VM starts from the restored disks, yet the old ones are gone.
    await expect(
      startEndRestore({ jobId: second.jobId, keep: 'old', nonce: crypto.randomUUID() }, USER),
    ).rejects.toThrow(/it was ended already/)
    expect(await patternAt(await active(), 'raw', 0)).toBe(0x31)
    await expect(
      startEndRestore({ jobId: first.jobId, keep: 'restored', nonce: crypto.randomUUID() }, USER),
    ).rejects.toThrow(/does not start from the restored disks any more/)
    await lab.startGuest('app')
    await lab.virsh('destroy', 'app')
  })
})

describe('snapshots taken since a restore in place', () => {
  it('do not hide that it is open: the old disks can’t be put back over them, and the restored ones can be kept', async () => {
    const { startRestoreInPlace, startEndRestore } = await import('./start-restore-in-place.ts')
    const { openRestoreOf } = await import('./open-restore.ts')
    const { requireVm } = await import('../../hosts/find-vm.ts')
    await lab.defineGuest({
      name: 'mail',
      system: 'none',
      disks: [{ format: 'qcow2', virtualBytes: 16 * MIB }],
    })
    await lab.startGuest('mail')
    const uuid = await keyframe.uuid('mail')
    const mail = backupActs(keyframe, uuid, target)
    const own = acts(keyframe, uuid)
    await guestWrites(lab, 'mail', 0, 0x41, 0)
    const backup = await mail.made()
    await lab.virsh('destroy', 'mail')
    const start = () =>
      startRestoreInPlace(
        {
          targetId: target.id,
          backupId: backup.id,
          insist: 'mail',
          bandwidthBytesPerSecond: 0,
          nonce: crypto.randomUUID(),
        },
        USER,
      )
    const { jobId } = await start()
    expect(await keyframe.ended({ jobId })).toMatchObject({ status: 'succeeded', error: null })
    const open = async () => {
      const now = await requireVm(HOST, uuid)
      return openRestoreOf(now.host, now.vm)
    }
    const end = (keep: 'restored' | 'old') =>
      startEndRestore({ jobId, keep, nonce: crypto.randomUUID() }, USER)
    expect(await open()).toMatchObject({ jobId, putBackRefusal: null })
    const [old, restored] = ['mail-vda.qcow2', (await own.files('vda'))[0]!]

    await lab.startGuest('mail')
    expect((await open())!.putBackRefusal).toMatch(/mail is running: shut it down/)
    for (const name of ['one', 'two']) expect((await own.snapshot({ name, disks: ['vda'] })).error).toBeNull()
    await guestWrites(lab, 'mail', 0, 0x42, 1)
    const chain = await own.files('vda')
    expect(chain).toHaveLength(3)
    expect(await open()).toMatchObject({
      jobId,
      putBackRefusal: expect.stringMatching(/The snapshots one, two rest on the restored disks/) as string,
    })
    await lab.virsh('destroy', 'mail')
    expect(await open()).toMatchObject({ jobId })
    await expect(end('old')).rejects.toThrow(
      /one, two rest on the restored disks and would be lost.*Nothing was done/,
    )
    await expect(start()).rejects.toThrow(/its old disks are still kept/)
    // Without their metadata the layers are there all the same.
    for (const name of ['two', 'one'])
      await lab.virsh('snapshot-delete', '--domain', 'mail', name, '--metadata')
    await expect(end('old')).rejects.toThrow(/vda writes to .*, a layer above its restored disk/)
    expect([await own.files('vda'), existsSync(image(old))]).toEqual([chain, true])

    await lab.startGuest('mail')
    expect(await keyframe.ended(await end('restored'))).toMatchObject({ status: 'succeeded', error: null })
    expect([await own.files('vda'), existsSync(image(old)), existsSync(image(restored))]).toEqual([
      chain,
      false,
      true,
    ])
    expect(await open()).toBeNull()
    expect(await patternAt(image(restored), 'qcow2', 0)).toBe(0x41)
    await lab.virsh('destroy', 'mail')
    expect(await patternAt(image(chain.at(-1)!), 'qcow2', 1)).toBe(0x42)
  })
})

describe('NVRAM', () => {
  it('is saved beside the disks and restored', async () => {
    await lab.defineGuest({
      name: 'uefi',
      system: 'none',
      disks: [{ format: 'qcow2', virtualBytes: 16 * MIB }],
    })
    const [firmware, nvram] = [join(lab.imagesDir, 'fw.fd'), join(lab.imagesDir, 'uefi_VARS.fd')]
    const variables = Buffer.alloc(64 * 1024, 0x5a)
    writeFileSync(firmware, Buffer.alloc(MIB))
    writeFileSync(nvram, variables)
    for (const file of [firmware, nvram]) lab.user.own(file)
    const xml = (await lab.virsh('dumpxml', '--inactive', '--domain', 'uefi')).replace(
      '</os>',
      `<loader readonly='yes' type='pflash'>${firmware}</loader><nvram>${nvram}</nvram></os>`,
    )
    const file = join(lab.dir, 'uefi.xml')
    writeFileSync(file, xml)
    await lab.virsh('define', file)
    const uefi = backupActs(keyframe, await keyframe.uuid('uefi'), target)
    const backup = await uefi.made({ method: 'copy' })
    expect(backup.manifest).toMatchObject({ nvram: 'nvram.fd', notes: [] })
    expect(readFileSync(uefi.file(backup, 'nvram.fd')).equals(variables)).toBe(true)
    const job = await restore(backup, 'uefi2')
    expect([job.status, job.error]).toEqual(['succeeded', null])
    expect(await lab.virsh('dumpxml', '--domain', 'uefi2')).toContain(
      `${join(lab.imagesDir, 'uefi2_VARS.fd')}</nvram>`,
    )
    expect(readFileSync(join(lab.imagesDir, 'uefi2_VARS.fd')).equals(variables)).toBe(true)
  })
})

describe('removal', () => {
  it('takes no backup away that another rests on, nor the last sound one unasked; and leaves nothing of what it removes', async () => {
    const { startRemoveBackups, previewRetention } = await import('../retention/start-remove.ts')
    const start = (backupIds: string[], insist: string | null = null) =>
      startRemoveBackups(
        { targetId: target.id, vmUuid: full.vmUuid, backupIds, insist, nonce: crypto.randomUUID() },
        USER,
      )
    await expect(start([full.id])).rejects.toThrow(new RegExp(`${increment.id} rests on ${full.id}`))
    const all = (await vm.list()).map((each) => each.id)
    await expect(start(all)).rejects.toThrow(/the last sound backup of db/)
    expect((await keyframe.ended(await start([full.id, increment.id]))).status).toBe('succeeded')
    expect(vm.folders().filter((folder) => folder.startsWith('db-'))).toEqual(all.slice(2).sort())
    expect((await vm.list()).map((each) => each.id)).toEqual(all.slice(2))
    expect(
      (
        await previewRetention(target.id, full.vmUuid, { last: 1, daily: 0, weekly: 0, monthly: 0 }, 'UTC')
      ).every((verdict) => verdict.keep || verdict.reason !== ''),
    ).toBe(true)
  })
})
