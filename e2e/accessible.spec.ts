import { expect, test, type Page } from '@playwright/test'
import { open, openVm, snapshotItem, takeSnapshot } from './browser-acts.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { testLab, underTest } from './under-test.ts'

const lab = testLab()
const NAME = 'looks'
const SNAPSHOT = 'before'

const DESK = { width: 1440, height: 900 }
const PHONE = { width: 390, height: 844 }

test.beforeAll(async () => {
  await lab.defineGuest({ name: NAME, system: 'none', disks: [{ format: 'raw', virtualBytes: 8 * 1024 * 1024 }, { format: 'qcow2' }] })
  await lab.startGuest(NAME, { paused: true })
  await lab.virsh('snapshot-create-as', NAME, SNAPSHOT, '--disk-only')
})
test.afterAll(async () => {
  await lab.virsh('destroy', NAME)
})

async function openSnapshot(page: Page) {
  await openVm(page, NAME)
  await snapshotItem(page, SNAPSHOT).getByRole('link', { name: SNAPSHOT, exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: SNAPSHOT, exact: true })).toBeVisible()
}

/** An open dialog, with what it asks the host for. */
const dialogOf = (act: 'Take snapshot' | 'Merge' | 'Revert' | 'Delete') => async (page: Page) => {
  await openVm(page, NAME)
  await page.getByRole('button', { name: act, exact: true }).first().click()
  await expect(page.getByRole('dialog').getByRole('button', { name: act, exact: true })).toBeEnabled()
}

const PAGES: Record<string, (page: Page) => Promise<unknown>> = {
  'the sign-in page': (page) => page.goto(`${underTest().baseUrl}/login`),
  'the list': (page) => open(page, '/'),
  'a VM': (page) => openVm(page, NAME),
  'a snapshot': openSnapshot,
  'the account': (page) => open(page, '/account'),
  'Take snapshot': dialogOf('Take snapshot'),
  'Merge': dialogOf('Merge'),
  'Revert': dialogOf('Revert'),
  'Delete': dialogOf('Delete'),
}

for (const [what, show] of Object.entries(PAGES)) {
  test(`${what}: nothing serious for axe, light and dark, desk and phone; nothing sticks out sideways`, async ({ page }) => {
    await show(page)
    for (const viewport of [DESK, PHONE]) {
      await page.setViewportSize(viewport)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await expectAccessible(page)
      }
      await expectNoSideways(page)
    }
  })
}

test('a snapshot by keyboard alone on a phone’s width; focus goes back to the button', async ({ page }) => {
  await page.setViewportSize(PHONE)
  await openVm(page, NAME)
  const button = page.getByRole('button', { name: 'Take snapshot', exact: true })
  await button.focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel('Name', { exact: true })).toBeVisible()
  for (let steps = 0; !(await dialog.getByLabel('Name', { exact: true }).evaluate((input) => input === document.activeElement)); steps++) {
    expect(steps, 'the Name field is not reached with the Tab key').toBeLessThan(5)
    await page.keyboard.press('Tab')
  }
  await page.keyboard.press('Control+A')
  await page.keyboard.type('by keyboard')
  await page.keyboard.press('Enter')
  await expect(dialog.getByRole('status').filter({ hasText: 'Snapshot by keyboard taken' })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await expect(button).toBeFocused()
  expect((await lab.virsh('snapshot-list', NAME, '--name')).trim().split('\n')).toContain('by keyboard')
})

test('the way round a dialog stays in it, and Escape leaves without doing anything', async ({ page }) => {
  await openVm(page, NAME)
  const before = await lab.virsh('snapshot-list', NAME, '--name')
  await page.getByRole('button', { name: 'Delete', exact: true }).first().focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('button', { name: 'Delete', exact: true })).toBeEnabled()
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press('Tab')
    expect(await dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true)
  }
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  expect(await lab.virsh('snapshot-list', NAME, '--name')).toBe(before)
})

test('a taken snapshot is told in a live region', async ({ page }) => {
  await openVm(page, NAME)
  expect(await takeSnapshot(page, 'told', 'off')).toContain('Snapshot told taken')
})
