import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { backupActs, makeTarget } from '../../testing/backup-acts.ts'
import { forgeBackup, type Forgery } from '../../testing/forge-backup.ts'
import { guestWrites } from '../../testing/in-process.ts'
import { startBareGuest, startOnLab } from '../../testing/on-lab.ts'
import type { Backup } from '../catalogue/catalogue.ts'

// A qcow2 image can name other files: one below it, and one that holds its data. QEMU reads whatever they name on the hypervisor.

const MIB = 1024 * 1024
const DISK_BYTES = 16 * MIB
const USER = { name: 'tester' }
const SECRET = 'the hypervisor’s own secret, '
const EVIL = 'evil-1'
const { lab, keyframe } = await startOnLab('names-file')
const secret = join(lab.dir, 'secret.txt')
let target: Awaited<ReturnType<typeof makeTarget>>
let full: Backup
let increment: Backup

beforeAll(async () => {
  // Long enough for QEMU to take it for a disk, and readable for it: only Keyframe keeps it from being read.
  writeFileSync(secret, SECRET.repeat(Math.ceil(DISK_BYTES / Buffer.byteLength(SECRET))).slice(0, DISK_BYTES))
  lab.user.own(secret)
  target = await makeTarget(lab, 'nightly')
  const vm = backupActs(keyframe, await startBareGuest({ lab, keyframe }, 'db'), target)
  await guestWrites(lab, 'db', 0, 0x21)
  full = await vm.made()
  await guestWrites(lab, 'db', 0, 0x22, 2)
  increment = await vm.made()
})

const qemuImg = (...args: string[]) => void execFileSync('qemu-img', args, { stdio: 'pipe' })
/** An image whose data lies in the file of this name; a write makes QEMU read it there. */
function withDataFile(image: string, name: string): void {
  const [evil, data] = [join(lab.dir, 'evil.qcow2'), join(lab.dir, 'x.bin')]
  qemuImg('create', '-q', '-f', 'qcow2', '-o', `data_file=${data}`, evil, String(DISK_BYTES))
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write 0 64k', evil], { stdio: 'pipe' })
  qemuImg('amend', '-q', '-f', 'qcow2', '-o', `data_file=${name}`, evil)
  copyFileSync(evil, image)
  rmSync(evil)
  rmSync(data)
}
const withBacking = (image: string, name: string, format = 'raw') =>
  qemuImg('rebase', '-q', '-u', '-f', 'qcow2', '-F', format, '-b', name, image)

/** A forged backup that an admin has adopted: as far as one can come who can write to the target. */
async function adopted(from: Backup, forgery: Forgery): Promise<void> {
  // A checkpoint bears the name of its own backup.
  const body: Forgery['body'] = (each) => ({ ...(forgery.body?.(each) ?? each), checkpoint: null })
  forgeBackup(lab, target.path, from.id, EVIL, { ...forgery, body })
  const { rebuildCatalogue } = await import('../catalogue/rebuild-catalogue.ts')
  expect(await rebuildCatalogue(target.id)).toMatchObject({ foreign: [EVIL] })
  const { adoptBackups } = await import('../catalogue/adopt-backups.ts')
  const { groupDemands } = await import('../catalogue/group-demands.ts')
  const { listForeign } = await import('../catalogue/foreign-backups.ts')
  const foreign = await listForeign(target.id)
  await adoptBackups({
    targetId: target.id,
    backups: foreign.map(({ id, manifest }) => ({ id, seal: manifest.seal })),
    confirmed: groupDemands(foreign).map(({ key }) => key),
  })
}
async function restored() {
  const { startRestore } = await import('../restore/start-restore.ts')
  const input = {
    targetId: target.id,
    backupId: EVIL,
    name: 'never',
    directory: null,
    networkUp: false,
    bandwidthBytesPerSecond: 0,
    nonce: crypto.randomUUID(),
  }
  return keyframe.ended(await startRestore(input, USER))
}
async function checked() {
  const { startCheck } = await import('../check/start-check.ts')
  const input = { targetId: target.id, backupId: EVIL, nonce: crypto.randomUUID() }
  return keyframe.ended(await startCheck(input, USER))
}
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
const holdsSecret = (path: string) => readFileSync(path).includes(SECRET)

const evils: [what: string, from: () => Backup, forgery: Forgery, fault: RegExp][] = [
  [
    'an image that keeps its data in a file of the host',
    () => full,
    { files: (folder) => withDataFile(join(folder, 'vda.qcow2'), secret) },
    /vda\.qcow2 .*refers to another file \(.*\/secret\.txt\) for its data/,
  ],
  [
    'one that names it from its own folder',
    () => full,
    { files: (folder) => withDataFile(join(folder, 'vda.qcow2'), '../../secret.txt') },
    /vda\.qcow2 .*refers to another file \(\.\.\/\.\.\/secret\.txt\) for its data/,
  ],
  [
    'one that is not called as an image',
    () => full,
    {
      renamed: { 'vda.qcow2': 'vda.img' },
      files: (folder) => withDataFile(join(folder, 'vda.img'), secret),
      body: (body) => ({
        ...body,
        disks: (body.disks as object[]).map((disk) => ({ ...disk, file: 'vda.img' })),
      }),
    },
    /vda\.img .*refers to another file \(.*\/secret\.txt\) for its data/,
  ],
  [
    'a full that rests on a file of the host',
    () => full,
    { files: (folder) => withBacking(join(folder, 'vda.qcow2'), secret) },
    /vda\.qcow2 .*refers to another file \(.*\/secret\.txt\) below it/,
  ],
  [
    'a full that rests on one by json:',
    () => full,
    {
      files: (folder) =>
        withBacking(
          join(folder, 'vda.qcow2'),
          `json:${JSON.stringify({ driver: 'raw', file: { driver: 'file', filename: secret } })}`,
        ),
    },
    /vda\.qcow2 .*refers to another file \(json:\{.*secret\.txt.*\) below it/,
  ],
  [
    'an increment that rests on a file of the host',
    () => increment,
    { files: (folder) => withBacking(join(folder, 'vda.qcow2'), secret) },
    /vda\.qcow2 .*refers to another file \(.*\/secret\.txt\) below it/,
  ],
]

describe('N26: a backup whose image refers to another file of the hypervisor', () => {
  it.each(evils)(
    '%s is neither restored nor found good, and nothing of that file comes out',
    async (_, from, forgery, fault) => {
      const { rebuildCatalogue } = await import('../catalogue/rebuild-catalogue.ts')
      const images = readdirSync(lab.imagesDir).sort()
      await adopted(from(), forgery)
      try {
        const jobs = [await restored(), await checked()]
        for (const job of jobs) {
          expect([job.status, job.error]).toEqual(['failed', expect.stringMatching(fault)])
          expect(JSON.stringify(job)).not.toContain(SECRET)
        }
        expect(readdirSync(lab.imagesDir).sort()).toEqual(images)
        expect((await lab.virsh('list', '--all', '--name')).split('\n')).not.toContain('never')
        expect([...filesBelow(lab.imagesDir), ...filesBelow(target.path)].filter(holdsSecret)).toEqual([])
        expect(filesBelow(keyframe.dataDir).filter(holdsSecret)).toEqual([])
      } finally {
        rmSync(join(target.path, EVIL), { recursive: true })
        await rebuildCatalogue(target.id)
      }
    },
  )

  it('the trap is one: QEMU itself reads the secret out of such an image', () => {
    const image = join(lab.dir, 'trap.qcow2')
    withDataFile(image, secret)
    const raw = join(lab.dir, 'trap.raw')
    qemuImg('convert', '-f', 'qcow2', '-O', 'raw', image, raw)
    expect([holdsSecret(raw), existsSync(image)]).toEqual([true, true])
  })

  it('a manifest that leads to another file is none', async () => {
    const { rebuildCatalogue } = await import('../catalogue/rebuild-catalogue.ts')
    for (const [body, problem] of [
      [(body: object) => ({ ...body, checkpoint: null, nvram: '../../x' }), /nvram/],
      [(body: object) => ({ ...body, checkpoint: null, domainXml: '/etc/hostname' }), /domainXml/],
    ] as const) {
      forgeBackup(lab, target.path, full.id, EVIL, { body })
      const found = await rebuildCatalogue(target.id)
      expect(found).toMatchObject({ foreign: [] })
      expect(found.unreadable).toEqual([{ name: EVIL, problem: expect.stringMatching(problem) as string }])
      rmSync(join(target.path, EVIL), { recursive: true })
    }
  })
})
