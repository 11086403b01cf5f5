import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { addTarget, endOf, openBackups, planBackup, press } from './backup-page-acts.ts'
import { guestWrites } from './in-process.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { testLab } from './under-test.ts'

const MIB = 1024 * 1024
const N = process.env.TEST_WORKER_INDEX
const VM = `limited-${N}`
const TARGET = `limits-${N}`
const lab = testLab()
const folder = join(lab.dir, TARGET)

test.use({ viewport: { width: 390, height: 844 } })
test.beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  lab.user.own(folder)
  await lab.defineGuest({ name: VM, system: 'none', disks: [{ format: 'raw', virtualBytes: 256 * MIB }] })
  await lab.startGuest(VM)
  await guestWrites(lab, VM, 0, 0x11, 0, 192)
})
test.afterAll(async () => {
  await lab.virsh('destroy', VM).catch(() => '')
  await lab.virsh('undefine', VM).catch(() => '')
  rmSync(folder, { recursive: true, force: true })
})

test('a copy that would take minutes under its limit ends soon after that is taken away', async ({ page }) => {
  await addTarget(page, TARGET, folder)
  await openBackups(page, VM)
  const dialog = await planBackup(page, TARGET, { limitMiB: 1 })
  await press(dialog, 'Back up now')
  await expect(dialog).toContainText('now 1 MiB/s')
  await expect(dialog.getByRole('status')).toContainText('Copying vda')
  await expectAccessible(page)
  await expectNoSideways(page)
  await dialog.getByLabel('Limit, MiB/s').fill('')
  await press(dialog, 'Set limit')
  await expect(dialog).toContainText('now no limit')
  expect(await endOf(dialog)).toContain('is in')
})
