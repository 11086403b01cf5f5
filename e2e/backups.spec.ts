import { mkdirSync, openSync, readdirSync, readSync, renameSync, writeSync, closeSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { backupsPath, vmBackupsPath } from '../components/paths.ts'
import { answerOf, backupsOn, confirm, idOf } from './backup-page-acts.ts'
import { open } from './browser-acts.ts'
import { run } from '../lib/testing/lab/run-command.ts'
import { allOf, expectNoLeak, freshPage, makeLink, openLink } from './share-acts.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { testLab } from './under-test.ts'

/** A test that fails is followed by a new worker: it makes a guest and a target of its own. */
const N = process.env.TEST_WORKER_INDEX
const VM = `backed-${N}`
/** Without a schedule of its own. */
const COVERED = `covered-${N}`
const TARGET = `nightly-${N}`
const lab = testLab()
const folder = join(lab.dir, `backups-${N}`)
const JOB_LIMIT_MS = 60_000
const LOOKS = [
  { name: 'at 1440 px, light', options: { viewport: { width: 1440, height: 900 }, colorScheme: 'light' } },
  { name: 'at 390 px, dark', options: { viewport: { width: 390, height: 844 }, colorScheme: 'dark' } },
] as const

test.describe.configure({ mode: 'serial' })
test.beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  lab.user.own(folder)
  await lab.defineGuest({ name: VM, system: 'none' })
  await lab.startGuest(VM, { paused: true })
  await lab.defineGuest({ name: COVERED, system: 'none' })
})
test.afterAll(async () => {
  await lab.virsh('destroy', VM).catch(() => '')
  for (const name of [VM, `${VM}-copy`, `${VM}-back`, COVERED])
    await lab.virsh('undefine', name, '--checkpoints-metadata').catch(() => '')
  rmSync(folder, { recursive: true, force: true })
})

const dialogOf = (page: Page): Locator => page.getByRole('dialog')
const backups = (page: Page): Locator => backupsOn(page, TARGET)

test('a VM without a backup says so on the phone page; a target is added, and refused when it is none', async ({
  page,
}) => {
  await open(page, backupsPath())
  const row = page
    .getByRole('list', { name: 'Not protected, or at risk' })
    .getByRole('listitem')
    .filter({ hasText: VM })
  await expect(row).toContainText('Not protected')
  await page.getByRole('button', { name: 'Add target' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill(TARGET)
  await dialog.getByLabel('Directory or pool').fill('/etc/backups')
  await dialog.getByRole('button', { name: 'Add target' }).click()
  await expect(dialog.getByRole('alert')).toContainText('belongs to the system')
  await dialog.getByLabel('Directory or pool').fill(folder)
  await dialog.getByRole('button', { name: 'Add target' }).click()
  await expect(dialog).toBeHidden()
  await expect(
    page.getByRole('list', { name: 'Targets' }).getByRole('listitem').filter({ hasText: TARGET }),
  ).toContainText('free')
})

test('backed up now, checked by itself, put on a schedule whose next runs are shown before: protected', async ({
  page,
}) => {
  await open(page, vmBackupsPath('lab', VM))
  await expect(answerOf(page)).toContainText('Not protected.')
  await page.getByRole('button', { name: 'Back up now', exact: true }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Target', { exact: true }).selectOption({ label: TARGET })
  await dialog.getByLabel('Quiesce', { exact: true }).selectOption('off')
  await confirm(dialog, 'Back up now')
  await expect(backups(page)).toHaveCount(1)
  await page.getByRole('button', { name: 'Schedule', exact: true }).last().click()
  await dialog.getByLabel('Target', { exact: true }).selectOption({ label: TARGET })
  await dialog.getByLabel('Runs', { exact: true }).selectOption('interval')
  await dialog.getByLabel('Minutes between runs').fill('0')
  await expect(dialog.getByRole('region', { name: 'Preview' })).toContainText('At least one minute.')
  await dialog.getByLabel('Minutes between runs').fill('720')
  await expect(dialog.getByRole('list', { name: 'Next runs' }).getByRole('listitem')).toHaveCount(5)
  await dialog.getByRole('button', { name: 'Save schedule' }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('list', { name: 'Schedules' })).toContainText('every 12 hours')
  await expect(backups(page).first()).toContainText('good', { timeout: JOB_LIMIT_MS })
  await expect(answerOf(page)).toContainText('Protected.', { timeout: JOB_LIMIT_MS })
})

test.describe('at 390 px', () => {
  test.use({ viewport: { width: 390, height: 844 } })

  test('a schedule of the whole host: what it covers is said there and on the pages of its VMs; it is changed and removed', async ({
    page,
  }) => {
    await open(page, backupsPath())
    const section = page.getByRole('region', { name: 'Schedules of hosts' })
    await section.getByRole('button', { name: 'Schedule a host' }).click()
    const dialog = page.getByRole('dialog', { name: 'Schedule of every VM on lab' })
    await dialog.getByLabel('Target', { exact: true }).selectOption({ label: TARGET })
    await expect(dialog.getByRole('list', { name: 'Next runs' }).getByRole('listitem')).toHaveCount(5)
    await expectAccessible(page)
    await expectNoSideways(page)
    await dialog.getByRole('button', { name: 'Save schedule' }).click()
    await expect(dialog).toBeHidden()
    await expect(section.getByRole('listitem')).toContainText(
      /every day at 02:30 .* to nightly-.*lab: it covers (one VM|\d+ VMs)/,
    )
    await expectAccessible(page)
    await expectNoSideways(page)
    await open(page, vmBackupsPath('lab', VM))
    await expect(page.getByRole('list', { name: 'Schedules' })).not.toContainText('of its host')
    await open(page, vmBackupsPath('lab', COVERED))
    await expect(page.getByRole('list', { name: 'Schedules' })).toContainText(
      'This is the schedule of its host, lab.',
    )
    await expectAccessible(page)
    await expectNoSideways(page)
    await page.getByRole('button', { name: 'Leave out', exact: true }).click()
    await dialogOf(page).getByLabel('Reason').fill('made anew in minutes')
    await expectAccessible(page)
    await dialogOf(page).getByRole('button', { name: 'Leave out', exact: true }).click()
    await expect(page.getByRole('status').filter({ hasText: 'Left out of protection.' })).toContainText(
      'made anew in minutes',
    )
    await open(page, backupsPath())
    await page.getByText('One VM is left out of protection').click()
    await page
      .getByRole('list', { name: 'Left out of protection' })
      .getByRole('link', { name: COVERED })
      .click()
    await page.getByRole('button', { name: 'Protect again' }).click()
    await expect(answerOf(page)).toBeVisible()
    await page.getByRole('link', { name: 'the schedule of its host' }).click()
    await section.getByRole('button', { name: 'Change schedule' }).click()
    await dialog.getByText('Quiesce, fulls, checks').click()
    await dialog.getByLabel('A new full every, days').fill('0')
    await expect(dialog.getByRole('region', { name: 'Preview' })).toContainText('At least one day.')
    await dialog.getByLabel('A new full every, days').fill('3')
    await dialog.getByLabel('Quiesce', { exact: true }).selectOption('required')
    await dialog.getByLabel('Checked again every, days').fill('14')
    await expectAccessible(page)
    await expectNoSideways(page)
    await dialog.getByLabel('On', { exact: true }).uncheck()
    await dialog.getByRole('button', { name: 'Save schedule' }).click()
    await expect(section.getByRole('listitem')).toContainText('· off')
    await expect(section.getByRole('listitem')).toContainText(
      'incremental, a full every 3 days · quiesce required',
    )
    await section.getByRole('button', { name: 'Change schedule' }).click()
    await dialog.getByText('Quiesce, fulls, checks').click()
    await expect(dialog.getByLabel('Checked again every, days')).toHaveValue('14')
    await dialog.getByLabel('Method', { exact: true }).selectOption('copy')
    await dialog.getByLabel('Limit of a copy, MiB/s').fill('20')
    await dialog.getByRole('button', { name: 'Save schedule' }).click()
    await expect(section.getByRole('listitem')).toContainText('snapshot, copy, merge at 20 MiB/s at most')
    await section.getByRole('button', { name: 'Remove schedule' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove schedule' }).click()
    await expect(section).toContainText('None: each VM is backed up by its own schedule.')
  })
})

for (const { name, options } of LOOKS) {
  test.describe(name, () => {
    test.use(options)

    test('the backup pages and their dialogs: nothing serious for axe, nothing sideways', async ({
      page,
    }) => {
      for (const path of [backupsPath(), vmBackupsPath('lab', VM)]) {
        await open(page, path)
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
        await test.step(path, async () => {
          await expectAccessible(page)
          await expectNoSideways(page)
        })
      }
      // Its dialog is looked at where it can be opened: in backup-in-place.spec.ts, on a VM that is off.
      await expect(page.getByText(`Restore in place: ${VM} is paused: shut it down first`)).toBeVisible()
      for (const act of ['Back up now', 'Schedule', 'Restore as new VM', 'Check', 'Remove']) {
        await page.getByRole('main').getByRole('button', { name: act, exact: true }).first().click()
        const dialog = page.getByRole('dialog')
        await expect(dialog.getByRole('button', { name: 'Back', exact: true })).toBeVisible()
        await test.step(act, async () => {
          await expectAccessible(page)
          await expectNoSideways(page)
        })
        await dialog.getByRole('button', { name: 'Back', exact: true }).click()
        await expect(dialog).toBeHidden()
      }
    })
  })
}

test('at 360 px and without JavaScript the phone page gives its answer first', async ({ browser }) => {
  const page = await (
    await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } })
  ).newPage()
  await open(page, backupsPath())
  await expect(page.getByRole('status').first()).toHaveText(/^\d+ of \d+ VMs protected$/)
  await expect(page.getByRole('list', { name: 'Protected', exact: true })).toContainText(VM)
  await expect(page.getByRole('list', { name: 'Next runs' })).toContainText(VM)
  await expect(page.getByRole('img', { name: /^size of the last/ }).first()).toBeVisible()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  await page.context().close()
})

test('restored as a new VM the disk is the same; one byte changed is found, and the restore refused', async ({
  page,
}) => {
  await open(page, vmBackupsPath('lab', VM))
  await backups(page).first().getByRole('button', { name: 'Restore as new VM' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name of the new VM').fill(`${VM}-copy`)
  await confirm(dialog, 'Restore as new VM')
  const path = /^\s*vda\s+(\/\S+)/m.exec(await lab.virsh('domblklist', `${VM}-copy`))![1]!
  const id = await idOf(backups(page).first())
  const image = join(folder, id, 'vda.qcow2')
  expect(await run('qemu-img', ['compare', '-U', path, image])).toContain('Images are identical')
  flipByte(image)
  await backups(page).first().getByRole('button', { name: 'Check', exact: true }).click()
  await confirm(dialog, 'Check')
  await expect(backups(page).first()).toContainText('damaged')
  await expect(backups(page).first().getByRole('button', { name: 'Restore as new VM' })).toBeDisabled()
  await expect(answerOf(page)).not.toContainText('Protected.')
  await expect(answerOf(page)).toContainText(/damaged/)
  await open(page, backupsPath())
  await expect(
    page
      .getByRole('region', { name: 'Runs of the last 24 hours' })
      .getByRole('listitem')
      .filter({ hasText: VM }),
  ).toContainText('Its backup was found damaged since.')
})

test('a share link to them tells whether they are good and what is made meanwhile, not where they are', async ({
  page,
  browser,
}) => {
  await open(page, vmBackupsPath('lab', VM))
  const link = await makeLink(page)
  const phone = await freshPage(browser, { viewport: { width: 390, height: 844 }, colorScheme: 'dark' })
  await openLink(phone, link)
  await expect(phone).toHaveTitle(`Backups of ${VM} · Keyframe`)
  await expect(phone.getByRole('status').first()).toContainText('A backup is damaged.')
  const shown = phone.getByRole('region', { name: /^The last/ }).getByRole('listitem')
  await expect(shown).toHaveText([/damaged/])
  expect([await phone.getByRole('button').count(), await phone.getByRole('link').count()]).toEqual([0, 0])
  await expectAccessible(phone)
  await expectNoSideways(phone)
  await page.getByRole('button', { name: 'Back up now', exact: true }).first().click()
  await page.getByRole('dialog').getByLabel('Target', { exact: true }).selectOption({ label: TARGET })
  await page.getByRole('dialog').getByLabel('Quiesce', { exact: true }).selectOption('off')
  await confirm(page.getByRole('dialog'), 'Back up now')
  await expect(shown).toHaveText([/good/, /damaged/], { timeout: JOB_LIMIT_MS })
  expectNoLeak(await allOf(link), [folder, TARGET, 'vda.qcow2'])
  await phone.context().close()
})

test('a VM that is gone: its backups stand under their own heading, by UUID, and are restored as a new VM', async ({
  page,
}) => {
  const uuid = (await lab.virsh('domuuid', VM)).trim()
  await lab.virsh('destroy', VM)
  await lab.virsh('undefine', VM, '--checkpoints-metadata')
  await open(page, backupsPath())
  const gone = page
    .getByRole('list', { name: 'Backups of VMs that are gone' })
    .getByRole('listitem')
    .filter({ hasText: VM })
  await expect(gone).toContainText('2 backups')
  await gone.getByRole('link', { name: VM, exact: true }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Backups of ${VM}`)
  await expect(page.getByRole('main')).toContainText(uuid)
  await expectAccessible(page)
  await expect(backups(page)).toHaveCount(2)
  await expect(page.getByRole('button', { name: 'Restore in place' })).toHaveCount(0)
  await backups(page).first().getByRole('button', { name: 'Restore as new VM' }).click()
  await page.getByRole('dialog').getByLabel('Name of the new VM').fill(`${VM}-back`)
  await confirm(page.getByRole('dialog'), 'Restore as new VM')
  const path = /^\s*vda\s+(\/\S+)/m.exec(await lab.virsh('domblklist', `${VM}-back`))![1]!
  const id = (await backups(page).first().locator('details li').first().textContent())!
  expect(await run('qemu-img', ['compare', '-U', path, join(folder, id, 'vda.qcow2')])).toContain(
    'Images are identical',
  )
})

test('a target whose directory was changed by hand is read anew: what is gone, what is no backup, and what is back', async ({
  page,
}) => {
  const newest = readdirSync(folder)
    .filter((name) => name.startsWith(VM))
    .sort()
    .at(-1)!
  renameSync(join(folder, newest), join(folder, 'moved'))
  await open(page, backupsPath())
  const row = page.getByRole('list', { name: 'Targets' }).getByRole('listitem').filter({ hasText: TARGET })
  const dialog = page.getByRole('dialog')
  const readAnew = async () => {
    await row.getByRole('button', { name: 'Rescan' }).click()
    await dialog.getByRole('button', { name: 'Rescan' }).click()
    return dialog.getByRole('status')
  }
  await expect(await readAnew()).toHaveText('1 backup found. 1 backup that Keyframe knew is gone.')
  await expect(dialog.getByRole('list', { name: 'Gone' })).toHaveText(newest)
  await expect(dialog).toContainText(`moved: it is the backup ${newest}, renamed`)
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Close', exact: true }).click()
  await expect(row).toContainText('1 backup.')
  renameSync(join(folder, 'moved'), join(folder, newest))
  await expect(await readAnew()).toHaveText('2 backups found.')
})

function flipByte(file: string): void {
  const descriptor = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(descriptor, byte, 0, 1, 70_000)
  writeSync(descriptor, Buffer.from([byte[0]! ^ 0xff]), 0, 1, 70_000)
  closeSync(descriptor)
}
