import { expect, test, type Page } from '@playwright/test'
import { layers, openVm } from './browser-acts.ts'
import { guestWithOverlay } from './guest-with-overlay.ts'
import { clickedAt, shownAt } from './page-clock.ts'
import { testLab } from './under-test.ts'

const LIMIT_BYTES = 512 * 1024
/** One begun by another tool, on an open page of its VM. */
const FOREIGN_MS = 2_000
/** One begun in Keyframe, on all open pages. */
const OWN_MS = 1_000

const progress = (page: Page) => page.getByRole('progressbar', { name: 'commit of vda' })
const blockJob = async (name: string) => (await testLab().virsh('blockjob', name, 'vda', '--raw')).trim()

/** The VM's page with its event stream open, as it stands before anyone begins a job. */
async function openLive(page: Page, name: string): Promise<void> {
  const stream = page.waitForResponse(
    (response) => new URL(response.url()).pathname === '/api/events' && response.url().includes('watch='),
  )
  await openVm(page, name)
  await stream
  await expect(page.getByRole('progressbar')).toHaveCount(0)
}

/** Gives the time of the click. */
async function startSlowMerge(page: Page): Promise<number> {
  await page.getByRole('button', { name: 'Merge', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: /Commit down/ }).check()
  await dialog.getByLabel(/Bandwidth limit/).fill('0.5')
  const confirm = dialog.getByRole('button', { name: 'Merge', exact: true })
  await expect(confirm).toBeEnabled()
  const clicked = clickedAt(page)
  await confirm.click()
  return clicked
}

test('a job that virsh begins shows on the VM’s open page within 2 s, and goes with its end', async ({
  page,
}) => {
  const lab = await guestWithOverlay('foreign')
  await openLive(page, 'foreign')
  // More than once, for a poll that is too slow can be lucky.
  for (let round = 0; round < 4; round++) {
    const shown = shownAt(page)
    await lab.virsh(
      'blockcommit',
      'foreign',
      'vda',
      '--active',
      '--bandwidth',
      String(LIMIT_BYTES),
      '--bytes',
    )
    const startMs = Date.now()
    await expect(progress(page)).toBeVisible({ timeout: FOREIGN_MS })
    const afterMs = (await shown) - startMs
    console.log(`live: a job begun by virsh showed after ${afterMs} ms`)
    expect(afterMs).toBeLessThan(FOREIGN_MS)
    expect(await blockJob('foreign')).toMatch(/type=active/i)
    await expect
      .poll(async () => Number(await progress(page).getAttribute('aria-valuenow')))
      .toBeGreaterThan(0)
    await lab.virsh('blockjob', 'foreign', 'vda', '--abort')
    await expect(progress(page)).toHaveCount(0, { timeout: FOREIGN_MS })
  }
  await expect(layers(page, 'vda')).toHaveCount(2)
  await lab.virsh('destroy', 'foreign')
})

test('a job that virsh began can be cancelled in the browser', async ({ page }) => {
  const lab = await guestWithOverlay('foreign-cancel')
  await openLive(page, 'foreign-cancel')
  await lab.virsh(
    'blockcommit',
    'foreign-cancel',
    'vda',
    '--active',
    '--bandwidth',
    String(LIMIT_BYTES),
    '--bytes',
  )
  await expect(progress(page)).toBeVisible({ timeout: FOREIGN_MS })
  await page
    .getByRole('listitem')
    .filter({ has: progress(page) })
    .getByRole('button', { name: 'Cancel job', exact: true })
    .click()
  await expect(progress(page)).toHaveCount(0)
  expect(await blockJob('foreign-cancel')).toBe('')
  expect((await lab.virsh('snapshot-list', 'foreign-cancel', '--name')).trim()).toBe('s1')
  await lab.virsh('destroy', 'foreign-cancel')
})

test('a merge begun on one page shows in another browser within 1 s; there it can be cancelled, and nothing is lost', async ({
  page,
  browser,
}) => {
  const lab = await guestWithOverlay('shared')
  const overlay = (await lab.virsh('domblklist', 'shared')).trim()
  const context = await browser.newContext()
  const other = await context.newPage()
  await openLive(page, 'shared')
  await openLive(other, 'shared')

  const shown = shownAt(other)
  const startMs = await startSlowMerge(page)
  await expect(other.getByRole('progressbar').first()).toBeVisible()
  const afterMs = (await shown) - startMs
  console.log(`live: a merge showed in another browser ${afterMs} ms after the click`)
  expect(afterMs).toBeLessThan(OWN_MS)
  for (const each of [page, other]) {
    await expect(progress(each).first()).toBeVisible()
    await expect
      .poll(async () => Number(await progress(each).first().getAttribute('aria-valuenow')))
      .toBeGreaterThan(0)
  }
  expect(await blockJob('shared')).toMatch(/type=active/i)

  await other.getByRole('button', { name: 'Cancel job', exact: true }).click()
  for (const each of [page, other]) {
    await expect(each.getByRole('progressbar')).toHaveCount(0)
    await expect(each.getByRole('status').filter({ hasText: /cancelled/i })).toBeVisible()
  }
  expect(await blockJob('shared')).toBe('')
  expect((await lab.virsh('domblklist', 'shared')).trim()).toBe(overlay)
  expect(await lab.virsh('dumpxml', 'shared')).not.toContain('<mirror')
  expect((await lab.virsh('snapshot-list', 'shared', '--name')).trim()).toBe('s1')
  await expect(layers(other, 'vda')).toHaveCount(2)
  await context.close()
  await lab.virsh('destroy', 'shared')
})
