import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { addTarget, endOf, openBackups, planBackup, press } from './backup-page-acts.ts'
import { open } from './browser-acts.ts'
import { vmBackupsPath, vmPath } from '../components/paths.ts'
import { guestWrites } from '../lib/testing/in-process.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { clickedAt, shownAt } from './page-clock.ts'
import { testLab } from './under-test.ts'

const MIB = 1024 * 1024
/** What one does shows for the others. */
const OTHERS_MS = 1_000
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

test('a backup by copy shows in other browsers within 1 s; one that would take minutes under its limit ends soon after that is taken away', async ({
  page,
  browser,
}) => {
  await addTarget(page, TARGET, folder)
  await openBackups(page, VM)
  const others = await Promise.all(
    [vmPath('lab', VM), vmBackupsPath('lab', VM)].map(async (path) => {
      const other = await (await browser.newContext()).newPage()
      const stream = other.waitForResponse(
        (response) => new URL(response.url()).pathname === '/api/events' && response.url().includes('watch='),
      )
      await open(other, path)
      await stream
      return other
    }),
  )
  const dialog = await planBackup(page, TARGET, { limitMiB: 1 })
  const shown = others.map(shownAt)
  const clicked = clickedAt(page)
  await press(dialog, 'Back up now')
  const afterMs = (await Promise.all(shown)).map((atMs, index) => ({
    path: new URL(others[index]!.url()).pathname,
    ms: atMs,
  }))
  const clickedMs = await clicked
  for (const { path, ms } of afterMs)
    console.log(`backup: a copy showed on ${path} in another browser ${ms - clickedMs} ms after the click`)
  for (const { path, ms } of afterMs) expect(ms - clickedMs, path).toBeLessThan(OTHERS_MS)
  for (const other of others) await other.context().close()
  await expect(dialog).toContainText('now 1 MiB/s')
  await expect(dialog.getByRole('status')).toContainText('Copying vda')
  await expectAccessible(page)
  await expectNoSideways(page)
  await dialog.getByLabel('Limit, MiB/s').fill('')
  await press(dialog, 'Set limit')
  await expect(dialog).toContainText('now no limit')
  expect(await endOf(dialog)).toContain('is in')
})
