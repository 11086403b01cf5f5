import { expect, test, type Page } from '@playwright/test'
import { layers, mergeAll, openVm, snapshotItem, takeSnapshot } from './browser-acts.ts'
import { guestWithOverlay } from './guest-with-overlay.ts'
import { waitUntil } from '../lib/testing/lab/wait-until.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { testLab } from './under-test.ts'

const lab = testLab()
const PHONE = { width: 390, height: 844 }

async function openPastJob(page: Page, title: RegExp) {
  await page.getByRole('region', { name: 'Past jobs' }).getByRole('link', { name: title }).first().click()
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
}
const steps = (page: Page) => page.getByRole('region', { name: 'Steps' })

test('a job’s page tells its story: each step, the call with its XML, the virsh line to copy, what came back', async ({
  page,
}) => {
  await guestWithOverlay('story')
  await openVm(page, 'story')
  await takeSnapshot(page, 'told', 'off')
  await openPastJob(page, /Take snapshot told/)
  await expect(steps(page).getByText('virDomainSnapshotCreateXML')).toBeVisible()
  await expect(
    steps(page).getByText(
      /^virsh -c .* snapshot-create --domain story --xmlfile snapshot.xml --disk-only --atomic$/,
    ),
  ).toBeVisible()
  await steps(page).getByText('XML', { exact: true }).click()
  await expect(steps(page).getByText('<name>told</name>')).toBeVisible()
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await steps(page).getByRole('button', { name: 'Copy the virsh command' }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(
    /^virsh -c .*snapshot-create --domain story/,
  )
  await expectAccessible(page)
  await page.setViewportSize(PHONE)
  await expectNoSideways(page)
  await page.getByRole('link', { name: 'Jobs', exact: true }).first().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Jobs' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Take snapshot told' })).toBeVisible()
  await expectNoSideways(page)
})

test('a merge that was cancelled is tried again from its page, whose steps show both runs live', async ({
  page,
}) => {
  await guestWithOverlay('again')
  await openVm(page, 'again')
  await page.getByRole('button', { name: 'Merge', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: /Commit down/ }).check()
  await dialog.getByLabel(/Bandwidth limit/).fill('1')
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click()
  await dialog.getByRole('button', { name: 'Cancel job' }).click()
  await expect(dialog.getByText(/Cancelled. The chain of vda is as it was/)).toBeVisible({ timeout: 20_000 })
  await dialog.getByRole('link', { name: /step by step/ }).click()
  await expect(steps(page).getByText('Begin vda')).toBeVisible()
  await page.getByRole('button', { name: 'Retry' }).click()
  await expect(steps(page).getByRole('heading', { name: 'Run 2' })).toBeVisible({ timeout: 20_000 })
  await expect(page.getByText(/vda is merged: its chain has one layer now/)).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('button', { name: 'Retry' })).toHaveCount(0)
  expect(await lab.virsh('domblklist', 'again')).toContain('again-vda.qcow2')
})

test('the plan that was shown is the plan that runs: a snapshot by virsh in between stops the act, and the new plan is shown', async ({
  page,
}) => {
  await guestWithOverlay('between')
  await openVm(page, 'between')
  await page.getByRole('button', { name: 'Merge', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: /Commit down/ }).check()
  await dialog.getByRole('region', { name: 'Plan' }).getByText('Plan', { exact: true }).click()
  await expect(dialog.getByText(/Switch vda over to between-vda.qcow2 \(pivot\)/)).toBeVisible()
  await expectAccessible(page)
  await lab.virsh('snapshot-create-as', 'between', 'sudden', '--disk-only', '--atomic')
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click()
  await expect(dialog.getByRole('alert')).toContainText('changed since it was shown')
  expect((await lab.virsh('snapshot-list', 'between', '--name')).trim().split('\n')).toEqual(['s1', 'sudden'])
  await dialog.getByRole('button', { name: 'Back' }).click()
  expect(await mergeAll(page)).toMatch(/vda is merged: its chain has one layer now/)
})

test('a restore point that was changed while nobody looked is unproven: reverted to only when the VM’s name is typed', async ({
  page,
}) => {
  await guestWithOverlay('lying')
  await openVm(page, 'lying')
  await lab.virsh('blockcommit', 'lying', 'vda', '--active', '--bandwidth', '2097152', '--bytes')
  await waitUntil(async () => /cur=[1-9]/.test(await lab.virsh('blockjob', 'lying', 'vda', '--raw')), {
    limitMs: 10_000,
    everyMs: 20,
    what: 'The first bytes of the commit',
  })
  await lab.virsh('blockjob', 'lying', 'vda', '--abort')
  await expect(snapshotItem(page, 's1').getByText('unproven', { exact: true })).toBeVisible({
    timeout: 30_000,
  })
  await snapshotItem(page, 's1').getByRole('button', { name: 'Revert', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('What s1 froze is unproven.')).toBeVisible()
  await dialog.getByRole('checkbox', { name: /safety snapshot/ }).setChecked(false)
  const revert = dialog.getByRole('button', { name: 'Revert', exact: true })
  await expect(revert).toBeDisabled()
  await dialog.getByLabel('Type lying to revert all the same').fill('lyin')
  await expect(revert).toBeDisabled()
  await dialog.getByLabel('Type lying to revert all the same').fill('lying')
  await revert.click()
  await expect(dialog.getByText(/Reverted to s1/)).toBeVisible({ timeout: 60_000 })
})

test('a page that is older than the server says so, and nothing is done', async ({ page }) => {
  await guestWithOverlay('oldpage')
  await openVm(page, 'oldpage')
  // What a browser sends that loaded its page from another build.
  await page.route('**/hosts/**', async (route) => {
    const headers = route.request().headers()
    return headers['next-action']
      ? route.continue({ headers: { ...headers, 'next-action': '40'.padEnd(42, 'a') } })
      : route.continue()
  })
  await page.getByRole('button', { name: 'Take snapshot', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Take snapshot', exact: true }).click()
  await expect(dialog.getByRole('alert')).toContainText('Keyframe was updated since this page was loaded')
  await dialog.getByRole('button', { name: 'Back' }).click()
  expect((await lab.virsh('snapshot-list', 'oldpage', '--name')).trim()).toBe('s1')
  await expect(layers(page, 'vda')).toHaveCount(2)
})
