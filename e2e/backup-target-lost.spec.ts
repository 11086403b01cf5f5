import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { checkpointsOf, transients } from './backup-leftovers.ts'
import {
  addTarget,
  backupsOn,
  backUpNow,
  endOf,
  idOf,
  openBackups,
  planBackup,
  press,
} from './backup-page-acts.ts'
import { FILLER, fillFileSystem } from './faults/full-file-system.ts'
import { patternAt } from '../lib/testing/image-bytes.ts'
import { guestWrites } from '../lib/testing/in-process.ts'
import { run } from '../lib/testing/lab/run-command.ts'
import { mountTmpfs, unmountAll } from '../lib/testing/lab/tmpfs.ts'
import { waitUntil } from '../lib/testing/lab/wait-until.ts'
import { testLab } from './under-test.ts'

/** A test that fails is followed by a new worker: it makes a guest and a target of its own. */
const N = process.env.TEST_WORKER_INDEX
const VM = `lost-${N}`
const TARGET = `small-${N}`
const MIB = 1024 * 1024
const lab = testLab()
/** Small, and mounted a second time where the target is: what is in it outlives its being unmounted there. */
const [disk, mount] = ['disk', 'mount'].map((each) => join(lab.dir, `${each}-${N}`)) as [string, string]
/** Where the target ends being full, so that the next begins from it. */
let mend: (() => Promise<void>) | undefined
let pattern = 0x10

test.describe.configure({ mode: 'serial' })
test.beforeAll(async () => {
  await mountTmpfs(disk, 160 * MIB, lab.user)
  mkdirSync(mount)
  await run('mount', ['--bind', disk, mount])
  await lab.defineGuest({ name: VM, system: 'none', disks: [{ format: 'qcow2', virtualBytes: 32 * MIB }] })
  await lab.startGuest(VM)
  await guestWrites(lab, VM, 0, pattern, 0, 8)
})
test.afterAll(async () => {
  await lab.virsh('destroy', VM)
  await lab.virsh('undefine', VM, '--checkpoints-metadata')
  await unmountAll([mount, disk])
  for (const path of [mount, disk]) rmSync(path, { recursive: true, force: true })
})
test.afterEach(async () => {
  await mend?.()
  mend = undefined
})

const folders = () =>
  readdirSync(disk)
    .filter((name) => name !== 'keyframe-target.json' && name !== FILLER)
    .sort()

/** What a test finds, and must find again after a backup that failed. */
async function standing() {
  return {
    folders: folders(),
    checkpoints: await checkpointsOf(lab, VM),
    disks: await lab.virsh('domblklist', VM),
    images: readdirSync(lab.imagesDir).filter((name) => name.startsWith(`${VM}-`)),
    state: await lab.virsh('domstate', VM),
    own: await transients(lab, mount),
  }
}

/** The next backup, nobody having put anything in order: what the guest holds now, with the one checkpoint. */
async function nextIsRight(page: Page, method: 'incremental' | 'copy' = 'incremental') {
  const before = await backupsOn(page, TARGET).count()
  await guestWrites(lab, VM, 0, ++pattern, 3)
  expect(await backUpNow(page, TARGET, { method })).toContain('is in')
  await expect(backupsOn(page, TARGET)).toHaveCount(before + 1)
  const id = await idOf(backupsOn(page, TARGET).first())
  expect(
    await Promise.all([0, 3].map((mib) => patternAt(join(disk, id, 'vda.qcow2'), 'qcow2', mib))),
  ).toEqual([0x10, pattern])
  expect(await checkpointsOf(lab, VM)).toHaveLength(1)
}

for (const viewport of [
  { width: 390, height: 844 },
  { width: 1440, height: 900 },
]) {
  test.describe(`at ${viewport.width} px`, () => {
    test.use({ viewport })

    test('a target that is full: a word before anything is written, nothing left, the next run right by itself', async ({
      page,
    }) => {
      if (viewport.width === 390) await addTarget(page, TARGET, mount)
      await openBackups(page, VM)
      const before = await standing()
      mend = await fillFileSystem(disk)
      expect(await backUpNow(page, TARGET)).toMatch(
        new RegExp(
          `The target ${TARGET} has not enough space: the backup may take \\d+ MiB, and \\d+ MiB are free in ${mount}`,
        ),
      )
      expect(await standing()).toEqual(before)
      await mend()
      mend = undefined
      await nextIsRight(page)
    })

    test('a target that is read-only: a word, nothing left, the next run right by itself', async ({
      page,
    }) => {
      await openBackups(page, VM)
      const before = await standing()
      await run('mount', ['-o', 'remount,bind,ro', mount])
      mend = async () => {
        await run('mount', ['-o', 'remount,bind,rw', mount])
      }
      expect(await backUpNow(page, TARGET)).toMatch(/read-only/i)
      expect(await standing()).toEqual(before)
      await mend()
      mend = undefined
      await nextIsRight(page)
    })

    test('a target that is not mounted: a word in the form, nothing written where it was, the next run right by itself', async ({
      page,
    }) => {
      await openBackups(page, VM)
      const before = await standing()
      await run('umount', [mount])
      mend = async () => {
        await run('mount', ['--bind', disk, mount])
      }
      const dialog = await planBackup(page, TARGET)
      await press(dialog, 'Back up now')
      await expect(dialog.getByRole('alert').last()).toContainText(`it is not the backup target ${TARGET}`)
      await expect(dialog.getByRole('alert').last()).toContainText('Is its file system mounted')
      await press(dialog, 'Back')
      expect([readdirSync(mount), await standing()]).toEqual([[], before])
      await mend()
      mend = undefined
      await nextIsRight(page)
    })
  })
}

test('a target that fills up in the middle of a copy: a word, merged back, nothing left, the next run right by itself', async ({
  page,
}) => {
  await openBackups(page, VM)
  const before = await standing()
  const dialog = await planBackup(page, TARGET, { method: 'copy', limitMiB: 2 })
  await press(dialog, 'Back up now')
  await waitUntil(async () => (await standing()).own.length > 0, {
    limitMs: 20_000,
    everyMs: 50,
    what: 'The helper that copies',
  })
  expect(await lab.virsh('domblklist', VM)).not.toBe(before.disks)
  mend = await fillFileSystem(disk)
  expect(await endOf(dialog)).toMatch(/space/i)
  await expect.poll(standing, { timeout: 20_000 }).toEqual(before)
  await mend()
  mend = undefined
  await nextIsRight(page, 'copy')
})
