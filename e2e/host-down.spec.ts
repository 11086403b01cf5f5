import { expect, test } from '@playwright/test'
import { open, openVm } from './browser-acts.ts'
import { type Lab } from '../lib/testing/lab/lab.ts'
import { startTestLab } from '../lib/testing/lab/test-lab.ts'
import { restartTestApp } from './app/test-app.ts'
import { testLab } from './under-test.ts'

test.describe.configure({ mode: 'serial' })

let later: Lab

test.beforeAll(async () => {
  later = await startTestLab('later')
  await later.defineGuest({ name: 'late', system: 'none', disks: [{ format: 'qcow2' }] })
  await later.killLibvirtd('SIGTERM')
  await restartTestApp('SIGTERM', { libvirtUri: `lab=${testLab().uri},later=${later.uri}` })
})
test.afterAll(async () => {
  await restartTestApp('SIGTERM')
  await later.stop({ remove: true })
})

test('a host that is down at the start is shown with the reason, holds up nothing, and comes by itself', async ({
  page,
}) => {
  await open(page, '/')
  const hosts = page.getByRole('list', { name: 'Hosts' }).getByRole('listitem')
  await expect(hosts.filter({ hasText: 'later down' })).toContainText(
    /no libvirt socket at|libvirtd is not running/,
  )
  await expect(hosts.filter({ hasText: 'lab up' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'web', exact: true })).toBeVisible()
  await later.startLibvirtd()
  await expect(page.getByRole('link', { name: 'late', exact: true })).toBeVisible({ timeout: 20_000 })
  await expect(hosts.filter({ hasText: 'later up' })).toBeVisible()
})

test('a host that goes down leaves its last known VMs, greyed, and its pages say why nothing can be done', async ({
  page,
}) => {
  // What happens between the server's rendering and the opening of the event stream is not lost either.
  const released = Promise.withResolvers<void>()
  await page.route('**/api/events*', async (route) => {
    await released.promise
    await route.continue()
  })
  await open(page, '/')
  await expect(page.getByRole('link', { name: 'late', exact: true })).toBeVisible()
  await later.killLibvirtd('SIGKILL')
  await expect
    .poll(async () => (await page.context().request.get(page.url())).text())
    .toMatch(/libvirtd is not running|connection to the libvirt daemon/)
  released.resolve()
  await expect(
    page.getByRole('list', { name: 'Hosts' }).getByRole('listitem').filter({ hasText: 'later down' }),
  ).toContainText('1 VMs as last known')
  await page.getByRole('link', { name: 'late', exact: true }).click()
  await expect(page.getByRole('status').filter({ hasText: /later is down since/ })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Take snapshot', exact: true })).toBeDisabled()
  // The other host's pages are as quick as ever.
  const startMs = Date.now()
  await openVm(page, 'web')
  expect(Date.now() - startMs).toBeLessThan(5_000)
  await later.startLibvirtd()
})

test('a host whose daemon hangs says so, and the other host’s pages still come', async ({ page }) => {
  await open(page, '/')
  await expect(
    page.getByRole('list', { name: 'Hosts' }).getByRole('listitem').filter({ hasText: 'later up' }),
  ).toBeVisible({ timeout: 20_000 })
  await later.killLibvirtd('SIGSTOP')
  try {
    await expect(
      page.getByRole('list', { name: 'Hosts' }).getByRole('listitem').filter({ hasText: 'later down' }),
    ).toBeVisible({ timeout: 60_000 })
    await openVm(page, 'web')
  } finally {
    await later.killLibvirtd('SIGCONT')
  }
})
