import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { backupActs, makeTarget } from '../../testing/backup-acts.ts'
import { HOST } from '../../testing/in-process.ts'
import { forgeBackup, type Forgery } from '../../testing/forge-backup.ts'
import { patternAt } from '../../testing/image-bytes.ts'
import { run } from '../../testing/lab/run-command.ts'
import { startOnLab } from '../../testing/on-lab.ts'
import type { Backup } from '../catalogue/catalogue.ts'

// Whoever can write to a backup target (a file server, another machine that mounts it) is not trusted with the hypervisor.

const MIB = 1024 * 1024
const USER = { name: 'tester' }
const { lab, keyframe } = await startOnLab('hostile')
let target: Awaited<ReturnType<typeof makeTarget>>
let vm: ReturnType<typeof backupActs>

beforeAll(async () => {
  target = await makeTarget(lab, 'nightly')
  await lab.defineGuest({ name: 'db', system: 'none', disks: [{ format: 'qcow2', virtualBytes: 8 * MIB }] })
  await run('qemu-io', ['-f', 'qcow2', '-c', `write -P 0x21 0 ${MIB}`, join(lab.imagesDir, 'db-vda.qcow2')])
  vm = backupActs(keyframe, await keyframe.uuid('db'), target)
})
afterEach(async () => (await import('../../jobs/boundaries.ts')).onBoundary(null))

const made = () => vm.made({ method: 'copy' })
const restore = async (backup: { id: string }, name: string) =>
  keyframe.ended(
    await (
      await import('../restore/start-restore.ts')
    ).startRestore(
      {
        targetId: target.id,
        backupId: backup.id,
        name,
        directory: null,
        networkUp: false,
        bandwidthBytesPerSecond: 0,
        nonce: crypto.randomUUID(),
      },
      USER,
    ),
  )
const remove = async (backup: Backup) =>
  keyframe.ended(
    await (
      await import('../retention/start-remove.ts')
    ).startRemoveBackups(
      {
        targetId: target.id,
        vmUuid: backup.vmUuid,
        backupIds: [backup.id],
        insist: backup.vmName,
        nonce: crypto.randomUUID(),
      },
      USER,
    ),
  )
const rescan = async () => (await import('../catalogue/rebuild-catalogue.ts')).rebuildCatalogue(target.id)
const folder = (id: string) => join(target.path, id)
const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

const forge = (from: Backup, id: string, change: Forgery) =>
  forgeBackup(lab, target.path, from.id, id, change)

/** At a boundary of the next job, once. */
async function at(step: string, moment: string, act: () => void) {
  const { onBoundary } = await import('../../jobs/boundaries.ts')
  let done = false
  onBoundary(async (boundary) => {
    if (!done && boundary.step === step && boundary.at === moment) {
      done = true
      act()
    }
  })
}

describe('a backup that somebody forged', () => {
  it('is foreign: nothing is restored from it until an admin adopts it and confirms what it asks, and even then its emulator never runs', async () => {
    const genuine = await made()
    const marker = join(lab.dir, 'ran')
    const script = join(folder(genuine.id), '..', 'qemu-evil')
    writeFileSync(script, `#!/bin/sh\ntouch ${marker}\nexec /usr/bin/qemu-system-x86_64 "$@"\n`)
    chmodSync(script, 0o755)
    forge(genuine, 'evil-1', {
      xml: (xml) =>
        xml.replace(
          /<emulator>.*<\/emulator>/,
          `<emulator>${script}</emulator><serial type='file'><source path='${marker}'/><target port='1'/></serial>`,
        ),
    })
    expect(await rescan()).toMatchObject({ found: [genuine.id], foreign: ['evil-1'], unreadable: [] })
    await expect(restore({ id: 'evil-1' }, 'restored')).rejects.toThrow(
      /made by another Keyframe, or changed.*An admin can adopt it/,
    )
    const { adoptBackups } = await import('../catalogue/adopt-backups.ts')
    const { groupDemands } = await import('../catalogue/group-demands.ts')
    const { listForeign } = await import('../catalogue/foreign-backups.ts')
    const demands = groupDemands(await listForeign(target.id))
    // The lab's guests write their console into a file, too.
    expect(
      demands
        .map((demand) => demand.sentence)
        .filter((sentence) => !sentence.includes('/console/'))
        .sort(),
    ).toEqual([
      `A serial device that ends at ${marker}: the new VM gets its own.`,
      `The emulator ${script}: chosen by the host.`,
    ])
    const chosen = (await listForeign(target.id)).map(({ id, manifest }) => ({ id, seal: manifest.seal }))
    await expect(
      adoptBackups({ targetId: target.id, backups: chosen, confirmed: [demands[0]!.key] }),
    ).rejects.toThrow(/Confirm what the backups ask of the host first/)
    await expect(
      adoptBackups({
        targetId: target.id,
        backups: [{ id: 'evil-1', seal: 'another' }],
        confirmed: demands.map(({ key }) => key),
      }),
    ).rejects.toThrow(/is no longer what you were shown/)
    expect((await vm.list()).map(({ id }) => id)).toEqual([genuine.id])
    expect(
      await adoptBackups({ targetId: target.id, backups: chosen, confirmed: demands.map(({ key }) => key) }),
    ).toEqual({ adopted: 1 })
    const job = await restore({ id: 'evil-1' }, 'restored')
    expect([job.status, job.error]).toEqual(['succeeded', null])
    expect(job.result).toEqual(expect.arrayContaining([`The emulator ${script}: chosen by the host.`]))
    expect(await lab.virsh('dumpxml', '--domain', 'restored')).not.toContain(lab.dir + '/nightly')
    await lab.startGuest('restored')
    await lab.virsh('destroy', '--domain', 'restored')
    expect(existsSync(marker)).toBe(false)
    expect(await patternAt(join(lab.imagesDir, 'restored-vda.qcow2'), 'qcow2')).toBe(0x21)
    // Adopted it is signed: a catalogue that is lost finds it again.
    await (await import('../../store/store.ts')).store().deleteFrom('backups').execute()
    expect(await rescan()).toMatchObject({ found: ['evil-1', genuine.id].sort(), foreign: [] })
    rmSync(script)
  })

  it.each<[string, (body: Record<string, unknown>) => object, RegExp]>([
    [
      'a disk whose name leads out of the directory',
      (body) => ({
        ...body,
        disks: (body.disks as object[]).map((disk) => ({
          ...disk,
          target: '/../../../mark/written-outside',
        })),
      }),
      /disks\.0\.target/,
    ],
    [
      'a full whose image rests on any file',
      (body) => ({
        ...body,
        disks: (body.disks as object[]).map((disk) => ({ ...disk, backing: '/etc/shadow' })),
      }),
      /rests on something else/,
    ],
  ])('with %s is no backup at all', async (_, body, problem) => {
    const genuine = await made()
    forge(genuine, 'evil-2', { body })
    expect((await rescan()).unreadable).toEqual([
      { name: 'evil-2', problem: expect.stringMatching(problem) as string },
    ])
    rmSync(folder('evil-2'), { recursive: true })
  })

  it('its signature is written again where somebody took it', async () => {
    const backup = await made()
    rmSync(join(folder(backup.id), 'manifest.sig'))
    await rescan()
    expect(existsSync(join(folder(backup.id), 'manifest.sig'))).toBe(true)
  })

  it('whose image names another file than its manifest is damaged', async () => {
    const genuine = await made()
    await run('qemu-img', [
      'rebase',
      '-u',
      '-f',
      'qcow2',
      '-F',
      'raw',
      '-b',
      '/etc/hostname',
      join(folder(genuine.id), 'vda.qcow2'),
    ])
    // As whoever replaces the image would replace its sum.
    const { store } = await import('../../store/store.ts')
    const image = readFileSync(join(folder(genuine.id), 'vda.qcow2'))
    const { writeManifest } = await import('../catalogue/manifest.ts')
    const { seal, ...body } = genuine.manifest
    void seal
    const text = writeManifest({
      ...body,
      files: body.files.map((file) =>
        file.name === 'vda.qcow2' ? { name: file.name, bytes: image.length, sha256: sha256(image) } : file,
      ),
    })
    writeFileSync(join(folder(genuine.id), 'manifest.json'), text)
    await store().updateTable('backups').set({ manifest: text }).where('id', '=', genuine.id).execute()
    const job = await restore(genuine, 'never')
    expect([job.status, job.error]).toEqual([
      'failed',
      expect.stringMatching(/its image is not sound: it refers to another file \(\/etc\/hostname\) below it/),
    ])
  })

  it('on a new machine is foreign like all others, and that of this Keyframe is found by its signature', async () => {
    const genuine = await made()
    const { store } = await import('../../store/store.ts')
    await store().deleteFrom('backups').execute()
    const secret = join(keyframe.dataDir, 'secret')
    const before = readFileSync(secret, 'utf8')
    const { forgetMasterKey } = await import('../../secrets/master-key.ts')
    writeFileSync(secret, 'f'.repeat(64))
    forgetMasterKey()
    expect((await rescan()).foreign).toContain(genuine.id)
    writeFileSync(secret, before)
    forgetMasterKey()
    const again = await rescan()
    expect([again.found.includes(genuine.id), again.foreign.includes(genuine.id)]).toEqual([true, false])
  })

  it('backups of an older Keyframe, which the catalogue knows, are signed by themselves; one that was changed is not', async () => {
    const [old, changed] = [await made(), await made()]
    const { store } = await import('../../store/store.ts')
    await store().updateTable('backups').set({ signed_with: null }).execute()
    for (const backup of [old, changed]) rmSync(join(folder(backup.id), 'manifest.sig'))
    forge(changed, changed.id, { xml: (xml) => xml.replace('<name>db</name>', '<name>other</name>') })
    const { signBackups } = await import('../catalogue/sign-backups.ts')
    await signBackups(target)
    expect([
      existsSync(join(folder(old.id), 'manifest.sig')),
      existsSync(join(folder(changed.id), 'manifest.sig')),
    ]).toEqual([true, false])
    const { unreadable, found } = await rescan()
    expect([found.includes(old.id), unreadable]).toEqual([
      true,
      [{ name: changed.id, problem: expect.stringMatching(/it was changed/) as string }],
    ])
    expect((await vm.list()).find((each) => each.id === changed.id)).toMatchObject({ check: 'damaged' })
    rmSync(folder(changed.id), { recursive: true })
    await rescan()
  })
})

describe('a target that changes while a backup is made', () => {
  const begun = () =>
    readdirSync(target.path).find((name) => existsSync(join(folder(name), 'keyframe-unfinished.json')))!

  it('a manifest that somebody lays there is not taken for the one of the job', async () => {
    const genuine = await made()
    await at('read vda.qcow2 back', 'recorded', () => {
      const manifest = readFileSync(join(folder(genuine.id), 'manifest.json'))
      writeFileSync(join(folder(begun()), 'manifest.json'), manifest)
      lab.user.own(join(folder(begun()), 'manifest.json'))
    })
    const job = await vm.backUp({ method: 'copy' })
    expect([job.status, job.error]).toEqual(['succeeded', null])
    const all = await vm.list()
    expect(all.find(({ id }) => id === genuine.id)?.manifest.seal).toBe(genuine.manifest.seal)
    expect(JSON.parse(readFileSync(join(folder(all.at(-1)!.id), 'manifest.json'), 'utf8'))).toMatchObject({
      id: all.at(-1)!.id,
    })
    expect(all.at(-1)!.id).not.toBe(genuine.id)
  })

  it('a configuration that is not what Keyframe wrote is never signed', async () => {
    await at('copy vda', 'acted', () => {
      const file = join(folder(begun()), 'domain.xml')
      writeFileSync(file, readFileSync(file, 'utf8').replace('<name>db</name>', '<name>evil</name>'))
    })
    const job = await vm.backUp({ method: 'copy' })
    expect([job.status, job.error]).toEqual([
      'failed',
      expect.stringMatching(/domain\.xml is not what Keyframe wrote into the target/),
    ])
  })

  it('a process that was killed before the directory carried its mark is followed by one that goes on', async () => {
    const { makeOwnFolder } = await import('./own-folder.ts')
    const { notLogged } = await import('../../jobs/step-log.ts')
    const { hostByName } = await import('../../hosts/registry.ts')
    const make = (id: string) =>
      hostByName(HOST)!.connection.operate((connect) => makeOwnFolder(connect, target, id, notLogged))
    for (const [id, file, text] of [
      ['empty', null, ''],
      ['cut', 'keyframe-unfinished.json', ''],
    ] as const) {
      mkdirSync(folder(id))
      lab.user.own(folder(id))
      if (file !== null) writeFileSync(join(folder(id), file), text)
      await make(id)
      expect(readFileSync(join(folder(id), 'keyframe-unfinished.json'), 'utf8')).toContain(id)
      rmSync(folder(id), { recursive: true })
    }
    mkdirSync(folder('theirs'))
    writeFileSync(join(folder('theirs'), 'vda.qcow2'), 'payroll')
    for (const path of [folder('theirs'), join(folder('theirs'), 'vda.qcow2')]) lab.user.own(path)
    await expect(make('theirs')).rejects.toThrow(/is not the directory that Keyframe made/)
    rmSync(folder('theirs'), { recursive: true })
  })
})

describe('a target that changes while a backup is restored', () => {
  it('the configuration that was compared is the one that is used', async () => {
    const backup = await made()
    const file = join(folder(backup.id), 'domain.xml')
    const genuine = readFileSync(file)
    await at('read the configuration', 'waiting', () =>
      writeFileSync(file, genuine.toString('utf8').replace('<emulator>', '<emulator>/evil')),
    )
    const job = await restore(backup, 'raced')
    expect([job.status, job.error]).toEqual([
      'failed',
      expect.stringMatching(
        /domain.xml of the backup .* was changed since it was written\. Nothing was written/,
      ),
    ])
    expect(readdirSync(lab.imagesDir).filter((name) => name.startsWith('raced'))).toEqual([])
    writeFileSync(file, genuine)
  })

  it('an image that changes between its check and the end of the copy fails the job, and what was made goes', async () => {
    const backup = await made()
    const file = join(folder(backup.id), 'vda.qcow2')
    await at('copy vda', 'acted', () => utimesSync(file, new Date(), new Date()))
    const job = await restore(backup, 'raced')
    expect([job.status, job.error]).toEqual([
      'failed',
      expect.stringMatching(/vda\.qcow2 was changed while it was restored/),
    ])
    expect(readdirSync(lab.imagesDir).filter((name) => name.startsWith('raced'))).toEqual([])
    expect((await lab.virsh('list', '--all', '--name')).split('\n')).not.toContain('raced')
  })
})

describe('what a removal takes', () => {
  const decoys = () => {
    const at = join(lab.dir, 'decoy')
    rmSync(at, { recursive: true, force: true })
    mkdirSync(at)
    lab.user.own(at)
    return at
  }

  it('is nothing where the directory was replaced by a link to one with the same file names', async () => {
    const backup = await made()
    const decoy = decoys()
    for (const name of readdirSync(folder(backup.id)).filter((each) => !each.startsWith('manifest')))
      writeFileSync(join(decoy, name), 'payroll')
    writeFileSync(join(decoy, 'other.qcow2'), 'mail')
    const before = readdirSync(decoy)
    renameSync(folder(backup.id), join(lab.dir, 'elsewhere'))
    symlinkSync(decoy, folder(backup.id))
    const job = await remove(backup)
    expect([job.status, job.error]).toEqual([
      'failed',
      expect.stringMatching(
        /is not the directory that Keyframe wrote: it has no manifest\.json\. Nothing more was removed there\..*The list no longer shows it; a rescan finds what comes back/,
      ),
    ])
    expect(readdirSync(decoy)).toEqual(before)
    expect(readFileSync(join(decoy, 'vda.qcow2'), 'utf8')).toBe('payroll')
    rmSync(folder(backup.id))
    renameSync(join(lab.dir, 'elsewhere'), folder(backup.id))
    // Back in its place a rescan finds it, and it goes.
    expect((await rescan()).found).toContain(backup.id)
    expect((await remove(backup)).status).toBe('succeeded')
    expect(existsSync(folder(backup.id))).toBe(false)
  })

  it('is only what the manifest lists, as it was written: what else is there stays and is named', async () => {
    const backup = await made()
    writeFileSync(join(folder(backup.id), 'notes.txt'), 'mine')
    writeFileSync(join(folder(backup.id), 'vda.qcow2'), 'another file in its place')
    const job = await remove(backup)
    expect(job.status).toBe('succeeded')
    expect(job.result.join(' ')).toMatch(
      /These files stay in .*: vda\.qcow2 \(it has 25 bytes, and Keyframe wrote \d+\), notes\.txt \(Keyframe did not write it\)/,
    )
    expect(readdirSync(folder(backup.id)).sort()).toEqual(['notes.txt', 'vda.qcow2'])
    expect((await vm.list()).map(({ id }) => id)).not.toContain(backup.id)
    rmSync(folder(backup.id), { recursive: true })
  })

  it('of a backup that fails is nothing where its directory was replaced by a link meanwhile', async () => {
    const decoy = decoys()
    for (const name of ['vda.qcow2', 'domain.xml', 'manifest.json', 'SHA256SUMS'])
      writeFileSync(join(decoy, name), 'payroll')
    let id = ''
    await at('read vda.qcow2 back', 'before', () => {
      id = readdirSync(target.path).find((name) =>
        existsSync(join(folder(name), 'keyframe-unfinished.json')),
      )!
      renameSync(folder(id), join(lab.dir, 'elsewhere'))
      symlinkSync(decoy, folder(id))
    })
    const job = await vm.backUp({ method: 'copy' })
    expect(job.status).toBe('failed')
    expect(readdirSync(decoy).map((name) => readFileSync(join(decoy, name), 'utf8'))).toEqual(
      Array(4).fill('payroll'),
    )
    // The next backup sweeps what failed ones left: not this either.
    await made()
    expect(readdirSync(decoy).map((name) => readFileSync(join(decoy, name), 'utf8'))).toEqual(
      Array(4).fill('payroll'),
    )
    rmSync(folder(id))
    renameSync(join(lab.dir, 'elsewhere'), folder(id))
    await made()
    expect(existsSync(folder(id))).toBe(false)
  })

  it('of a backup that fails leaves another’s file there, and the mark with it: a later sweep goes on', async () => {
    let id = ''
    await at('read vda.qcow2 back', 'before', () => {
      id = readdirSync(target.path).find((name) =>
        existsSync(join(folder(name), 'keyframe-unfinished.json')),
      )!
      writeFileSync(join(folder(id), 'notes.txt'), 'mine')
      writeFileSync(join(folder(id), 'vda.qcow2'), 'no image')
    })
    expect((await vm.backUp({ method: 'copy' })).status).toBe('failed')
    expect(readdirSync(folder(id)).sort()).toEqual(['keyframe-unfinished.json', 'notes.txt'])
    rmSync(join(folder(id), 'notes.txt'))
    await made()
    expect(existsSync(folder(id))).toBe(false)
  })

  it('nothing is written into such a link either', async () => {
    const decoy = decoys()
    writeFileSync(join(decoy, 'vda.qcow2'), 'payroll')
    await at('copy vda', 'before', () => {
      const id = readdirSync(target.path).find((name) =>
        existsSync(join(folder(name), 'keyframe-unfinished.json')),
      )!
      renameSync(folder(id), join(lab.dir, 'elsewhere'))
      symlinkSync(decoy, folder(id))
    })
    const job = await vm.backUp({ method: 'copy' })
    expect([job.status, job.error]).toEqual([
      'failed',
      expect.stringMatching(/is not the directory that Keyframe made for this backup/),
    ])
    expect([readdirSync(decoy), readFileSync(join(decoy, 'vda.qcow2'), 'utf8')]).toEqual([
      ['vda.qcow2'],
      'payroll',
    ])
  })
})
