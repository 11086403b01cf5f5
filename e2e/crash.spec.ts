import { expect, test, type Page } from '@playwright/test'
import { guestWithOverlay } from './guest-with-overlay.ts'
import { patternAt } from '../lib/testing/image-bytes.ts'
import { waitUntil } from '../lib/testing/lab/wait-until.ts'
import { restartTestApp } from './app/test-app.ts'
import { testLab, underTest } from './under-test.ts'

async function signIn(page: Page, path: string) {
  const { baseUrl, username, password } = underTest()
  await page.goto(`${baseUrl}${path}`)
  if (await page.getByRole('button', { name: 'Sign in' }).isVisible()) {
    await page.getByLabel('Username').fill(username)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  await expect(page.getByRole('list', { name: 'Backing chain of vda' })).toBeVisible()
}

async function startSlowMerge(page: Page) {
  await page.getByRole('button', { name: 'Merge', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: /Commit down/ }).check()
  await dialog.getByLabel(/Bandwidth limit/).fill('1')
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click()
  await expect
    .poll(async () =>
      Number(
        await page
          .getByRole('progressbar')
          .first()
          .getAttribute('aria-valuenow')
          .catch(() => 0),
      ),
    )
    .toBeGreaterThan(0)
}

async function isMerged(name: string) {
  const lab = testLab()
  const xml = await lab.virsh('dumpxml', name)
  expect(xml, xml).toContain(`${name}-vda.qcow2'`)
  expect(xml, xml).not.toContain('<mirror')
  expect((await lab.virsh('snapshot-list', name, '--name')).trim()).toBe('')
  expect(await patternAt(lab.guests[name]!.disks[0]!.path, 'qcow2', 11)).toBe(90)
}

test('the app killed in the middle of a merge: the new process finds it and finishes it, pivot included', async ({
  page,
}) => {
  await guestWithOverlay('crash')
  await signIn(page, '/hosts/lab/vms/crash')
  await startSlowMerge(page)
  await restartTestApp('SIGKILL')
  await signIn(page, '/hosts/lab/vms/crash')
  await expect(page.getByRole('progressbar').first()).toBeVisible()
  await waitUntil(async () => (await testLab().virsh('domblklist', 'crash')).includes('crash-vda.qcow2'), {
    limitMs: 60_000,
    what: 'The end of the merge',
  })
  await expect(page.getByRole('list', { name: 'Backing chain of vda' }).getByRole('listitem')).toHaveCount(1)
  await expect(page.getByRole('progressbar')).toHaveCount(0)
  await isMerged('crash')
})

test('closing the browser loses nothing', async ({ page, browser }) => {
  await guestWithOverlay('closed')
  const context = await browser.newContext()
  const other = await context.newPage()
  await signIn(other, '/hosts/lab/vms/closed')
  await startSlowMerge(other)
  await context.close()
  await signIn(page, '/hosts/lab/vms/closed')
  await expect(page.getByRole('list', { name: 'Backing chain of vda' }).getByRole('listitem')).toHaveCount(
    1,
    { timeout: 60_000 },
  )
  await isMerged('closed')
})

test('the app stopped in the orderly way with a page open ends promptly, and the page catches up by itself', async ({
  page,
}) => {
  await signIn(page, '/hosts/lab/vms/web')
  const startMs = Date.now()
  const { endApp } = await import('../lib/testing/app-process.ts')
  await endApp(underTest().app)
  expect(Date.now() - startMs).toBeLessThan(8_000)
  await expect(page.getByRole('status').filter({ hasText: /connection lost/i })).toBeVisible()
  await restartTestApp('SIGTERM')
  await expect(page.getByRole('status').filter({ hasText: /connection lost/i })).toHaveCount(0, {
    timeout: 30_000,
  })
})
