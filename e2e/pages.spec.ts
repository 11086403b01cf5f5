import { expect, test, type Locator, type Page } from '@playwright/test'
import { jobsPath, snapshotPath, vmPath } from '../components/paths.ts'
import { layers, open, openVm, snapshotItem } from './browser-acts.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { testLab, underTest } from './under-test.ts'

/** A test that fails is followed by a new worker: it makes a guest of its own. */
const VM = `pages-${process.env.TEST_WORKER_INDEX}`
const PAGES = ['/', vmPath('lab', VM), snapshotPath('lab', VM, 'first'), jobsPath()]
const PHONE = { width: 390, height: 844 }
const LOOKS = [
  { name: 'at 1440 px, light', options: { viewport: { width: 1440, height: 900 }, colorScheme: 'light' } },
  { name: 'at 390 px, dark', options: { viewport: PHONE, colorScheme: 'dark' } },
] as const

const lab = testLab()

/** Opens each dialog of a VM's page; what it asks the host is there when its own button can be pressed. */
const DIALOGS: { act: string; show: (page: Page) => Promise<void> }[] = [
  ...['Take snapshot', 'Merge', 'Force off'].map((act) => ({
    act,
    show: (page: Page) => page.getByRole('button', { name: act, exact: true }).click(),
  })),
  ...['Revert', 'Delete'].map((act) => ({
    act,
    show: (page: Page) => snapshotItem(page, 'first').getByRole('button', { name: act, exact: true }).click(),
  })),
]

test.beforeAll(async () => {
  await lab.defineGuest({ name: VM, system: 'none' })
  await lab.startGuest(VM, { paused: true })
  for (const name of ['first', 'second']) await lab.virsh('snapshot-create-as', VM, name, '--disk-only')
})
test.afterAll(async () => {
  await lab.virsh('destroy', VM)
})

const check = (page: Page, what: string) =>
  test.step(what, async () => {
    await expectAccessible(page)
    await expectNoSideways(page)
  })

for (const { name, options } of LOOKS) {
  test.describe(name, () => {
    test.use(options)

    test('every page: nothing serious for axe, nothing sideways', async ({ page }) => {
      await page.goto(`${underTest().baseUrl}/login`)
      await check(page, '/login')
      for (const path of PAGES) {
        await open(page, path)
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
        await check(page, path)
      }
    })

    test('every dialog: nothing serious for axe, nothing sideways', async ({ page }) => {
      await openVm(page, VM)
      for (const { act, show } of DIALOGS) {
        await show(page)
        const dialog = page.getByRole('dialog')
        await expect(dialog.getByRole('button', { name: act, exact: true })).toBeEnabled()
        await check(page, act)
        await dialog.getByRole('button', { name: 'Back', exact: true }).click()
        await expect(dialog).toBeHidden()
      }
    })
  })
}

test('without JavaScript one signs in and reads every page', async ({ browser }) => {
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage()
  await open(page, '/')
  await expect(page.getByText('JavaScript is off')).toBeVisible()
  await page.getByRole('link', { name: VM, exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: VM, exact: true })).toBeVisible()
  const active = /^\s*vda\s+(\/\S+)/m.exec(await lab.virsh('domblklist', VM))![1]!
  await expect(layers(page, 'vda')).toHaveCount(3)
  await expect(layers(page, 'vda').first()).toContainText(lab.guests[VM]!.disks[0]!.path)
  await expect(layers(page, 'vda').last()).toContainText(active)
  await snapshotItem(page, 'first').getByRole('link', { name: 'first', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'first', exact: true })).toBeVisible()
  await expect(page.getByRole('main')).toContainText(lab.guests[VM]!.disks[0]!.path)
  await page.context().close()
})

test('a snapshot is taken with the keyboard alone', async ({ page }) => {
  await openVm(page, VM)
  await expect(page.getByText('JavaScript is off')).toBeHidden()
  const button = page.getByRole('button', { name: 'Take snapshot', exact: true })
  const tabTo = async (target: Locator) => {
    const isThere = () => target.evaluate((element) => element === document.activeElement)
    for (let presses = 0; presses < 40 && !(await isThere()); presses++) await page.keyboard.press('Tab')
    await expect(target).toBeFocused()
  }
  await tabTo(button)
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel('Name', { exact: true })).toBeFocused()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type('by keyboard')
  await page.keyboard.press('Tab')
  await expect(dialog.getByLabel('Description', { exact: true })).toBeFocused()
  await page.keyboard.type('no mouse was here')
  await page.keyboard.press('Tab')
  await expect(dialog.getByLabel('Quiesce', { exact: true })).toBeFocused()
  await page.keyboard.type('off')
  await expect(dialog.getByLabel('Quiesce', { exact: true })).toHaveValue('off')
  await tabTo(dialog.getByRole('button', { name: 'Take snapshot', exact: true }))
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('status').filter({ hasText: /vda/ })).toBeVisible()
  await expect(dialog.getByRole('progressbar')).toHaveCount(0)
  await tabTo(dialog.getByRole('button', { name: 'Close', exact: true }))
  await page.keyboard.press('Enter')
  await expect(dialog).toBeHidden()
  await expect(button).toBeFocused()
  await expect(snapshotItem(page, 'by keyboard')).toBeVisible()
  expect(await lab.virsh('snapshot-dumpxml', VM, 'by keyboard')).toContain(
    '<description>no mouse was here</description>',
  )
})

test('the page of a snapshot that is gone says so', async ({ page }) => {
  await open(page, '/')
  const response = await page.goto(underTest().baseUrl + snapshotPath('lab', VM, 'never <was>'))
  expect(response!.status()).toBe(404)
  await expect(
    page.getByRole('heading', { level: 1, name: 'The snapshot “never <was>” is gone', exact: true }),
  ).toBeVisible()
  await page.getByRole('link', { name: `The VM ${VM}`, exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: VM, exact: true })).toBeVisible()
})
