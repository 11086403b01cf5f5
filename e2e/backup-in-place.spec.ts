import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { backupsPath, vmPath } from '../components/paths.ts'
import { addTarget, backupsOn, backUpNow, confirm, openBackups } from './backup-page-acts.ts'
import { open } from './browser-acts.ts'
import { patternAt } from '../lib/testing/image-bytes.ts'
import { guestWrites } from '../lib/testing/in-process.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { testLab } from './under-test.ts'

/** A test that fails is followed by a new worker: it makes a guest and a target of its own. */
const N = process.env.TEST_WORKER_INDEX
const VM = `placed-${N}`
const TARGET = `place-${N}`
const MIB = 1024 * 1024
const lab = testLab()
const folder = join(lab.dir, TARGET)
const BACKED_UP = 0x31
const WRITTEN_SINCE = 0x32

test.describe.configure({ mode: 'serial' })
test.beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  lab.user.own(folder)
  await lab.defineGuest({ name: VM, system: 'none', disks: [{ format: 'raw', virtualBytes: 16 * MIB }] })
  await lab.startGuest(VM)
  await guestWrites(lab, VM, 0, BACKED_UP)
})
test.afterAll(async () => {
  await lab.virsh('destroy', VM).catch(() => '')
  await lab.virsh('undefine', VM)
  rmSync(folder, { recursive: true, force: true })
})

/** The image that the VM starts from. */
const imageOf = async () => /^\s*vda\s+(\/\S+)/m.exec(await lab.virsh('domblklist', VM, '--inactive'))![1]!
const images = () =>
  readdirSync(lab.imagesDir)
    .filter((name) => name.startsWith(`${VM}-`) || name.startsWith('vda-restored-'))
    .sort()
const question = (page: Page) => page.getByRole('status').filter({ hasText: 'was restored in place from' })

/** The VM is off; its restore in place by the dialog that asks for its name. Gives both images. */
async function restoreInPlace(page: Page): Promise<{ old: string; restored: string }> {
  const old = await imageOf()
  await backupsOn(page, TARGET).first().getByRole('button', { name: 'Restore in place' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('button', { name: 'Restore in place' })).toBeDisabled()
  await expectAccessible(page)
  await expectNoSideways(page)
  await dialog.getByLabel(`Type ${VM} to go on`).fill(VM)
  expect(await confirm(dialog, 'Restore in place')).toContain(`${VM} starts from the disks of`)
  const restored = await imageOf()
  expect([restored === old, await patternAt(restored, 'raw'), await patternAt(old, 'raw')]).toEqual([
    false,
    BACKED_UP,
    WRITTEN_SINCE,
  ])
  await expect(question(page)).toBeVisible()
  return { old, restored }
}

/** It can be ended once. */
async function end(page: Page, act: 'Keep restored disks' | 'Put old disks back'): Promise<void> {
  await question(page).getByRole('button', { name: act }).click()
  expect(await confirm(page.getByRole('dialog'), act)).toContain(
    `${VM} keeps its ${act === 'Keep restored disks' ? 'restored' : 'old'} disks.`,
  )
  await expect(question(page)).toHaveCount(0)
}

test.describe('at 390 px', () => {
  test.use({ viewport: { width: 390, height: 844 } })

  test('a running VM is refused; off, it is restored in place, and its old disks are put back', async ({
    page,
  }) => {
    await addTarget(page, TARGET, folder)
    await openBackups(page, VM)
    expect(await backUpNow(page, TARGET)).toContain('is in')
    await guestWrites(lab, VM, 0, WRITTEN_SINCE)
    const button = backupsOn(page, TARGET).first().getByRole('button', { name: 'Restore in place' })
    await expect(button).toBeDisabled()
    await expect(button).toHaveAccessibleDescription(
      new RegExp(`Restore in place: ${VM} is running: shut it down first`),
    )
    await lab.virsh('destroy', VM)
    await expect(button).toBeEnabled()
    const before = images()
    const { old, restored } = await restoreInPlace(page)
    await expectAccessible(page)
    await expectNoSideways(page)
    for (const path of [vmPath('lab', VM), backupsPath()]) {
      await open(page, path)
      await expect(question(page)).toContainText(VM)
      await expectAccessible(page)
      await expectNoSideways(page)
    }
    await question(page).getByRole('link', { name: 'among its backups' }).click()
    await end(page, 'Put old disks back')
    expect([await imageOf(), existsSync(restored), images(), await patternAt(old, 'raw')]).toEqual([
      old,
      false,
      before,
      WRITTEN_SINCE,
    ])
  })
})

test('at 1440 px: restored in place, and the restored disks are kept; the VM starts from them', async ({
  page,
}) => {
  await openBackups(page, VM)
  const { old, restored } = await restoreInPlace(page)
  await end(page, 'Keep restored disks')
  expect([await imageOf(), existsSync(old), await patternAt(restored, 'raw')]).toEqual([
    restored,
    false,
    BACKED_UP,
  ])
  await lab.startGuest(VM)
  expect((await lab.virsh('domstate', VM)).trim()).toBe('running')
  rmSync(restored)
})
