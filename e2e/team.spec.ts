import { expect, test, type Browser, type BrowserContext, type Page, type Request } from '@playwright/test'
import {
  auditPath,
  backupsPath,
  hostCheckPath,
  jobsPath,
  mergePlanPath,
  notificationsPath,
  snapshotPath,
  usersPath,
  vmBackupsPath,
  vmCheckPath,
  vmPath,
} from '../components/paths.ts'
import { open, openVm, snapshotItem, takeSnapshot } from './browser-acts.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import {
  buttonAt,
  changeRole,
  choosePassword,
  cookieOf,
  invite,
  manage,
  openLive,
  PASSWORD,
  signIn,
  userItem,
} from './team-acts.ts'
import { testLab, underTest } from './under-test.ts'

// A test that fails is followed by a new worker: it makes a guest and users of its own.
const N = process.env.TEST_WORKER_INDEX
const VM = `team-${N}`
const [VIEWER, OPERATOR] = [`vera-${N}`, `otto.${N}@example.org`]
/** What one does appears for the other. */
const SOON_MS = 1_000
const PHONE = { width: 390, height: 844 }
const { baseUrl } = underTest()
const lab = testLab()

let viewer: Page
let operator: Page
const contexts: BrowserContext[] = []

async function newPage(browser: Browser, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext(options)
  contexts.push(context)
  return context.newPage()
}

test.beforeAll(async ({ browser }) => {
  await lab.defineGuest({ name: VM, system: 'none' })
  await lab.startGuest(VM, { paused: true })
  await lab.virsh('snapshot-create-as', VM, 'first', '--disk-only')
  const admin = await newPage(browser)
  ;[viewer, operator] = [await newPage(browser), await newPage(browser)]
  await choosePassword(viewer, await invite(admin, VIEWER, 'viewer'))
  await choosePassword(operator, await invite(admin, OPERATOR, 'operator'))
})
test.afterAll(async () => {
  for (const context of contexts) await context.close()
  await lab.virsh('destroy', VM)
})

test('the link works once, and is shown once', async ({ page }) => {
  const link = await invite(page, `once-${N}`, 'viewer')
  await page.reload()
  expect(await page.content()).not.toContain(link)
  await expect(userItem(page, `once-${N}`)).toContainText('invited, no password yet')
  const second = await (
    await manage(page, `once-${N}`)
  )
    .getByRole('button', { name: `New one-time link for once-${N}` })
    .click()
    .then(() => page.getByLabel(`One-time link for once-${N}`).inputValue())
  const guest = await (await page.context().browser()!.newContext()).newPage()
  await guest.goto(link)
  await expect(guest.getByRole('alert').filter({ hasText: 'used already or is too old' })).toBeVisible()
  await choosePassword(guest, second)
  await guest.goto(second)
  await expect(guest.getByRole('alert').filter({ hasText: 'used already or is too old' })).toBeVisible()
  await guest.context().close()
})

test('a viewer sees everything and no acting button; an operator acts, and the viewer sees it within a second', async () => {
  for (const path of [
    '/',
    vmPath('lab', VM),
    snapshotPath('lab', VM, 'first'),
    vmCheckPath('lab', VM),
    hostCheckPath('lab'),
    jobsPath(),
    backupsPath(),
    vmBackupsPath('lab', VM),
  ]) {
    await viewer.goto(baseUrl + path)
    await expect(viewer.getByRole('heading', { level: 1 })).toBeVisible()
    const buttons = await viewer.getByRole('main').getByRole('button').allInnerTexts()
    expect([path, buttons.filter((name) => name !== 'Search')]).toEqual([path, []])
  }
  await openLive(viewer, vmPath('lab', VM))
  await openLive(operator, vmPath('lab', VM))
  await expect(operator.getByRole('link', { name: 'Users', exact: true })).toHaveCount(0)
  await takeSnapshot(operator, 'by otto', 'off')
  await expect(snapshotItem(viewer, 'by otto')).toBeVisible({ timeout: SOON_MS })
  const record = viewer.getByRole('list', { name: 'Who did what' }).getByRole('listitem').first()
  await expect(record).toContainText(OPERATOR, { timeout: SOON_MS })
  await expect(record).toContainText('Take a snapshot')
  await expect(record).toContainText('done')
  await record.getByRole('link', { name: 'by otto', exact: true }).click()
  await expect(viewer.getByRole('heading', { level: 1, name: 'by otto' })).toBeVisible()
  await expect(viewer.getByRole('list', { name: 'Who did what' })).toContainText(OPERATOR)
  await viewer.getByRole('link', { name: 'Take snapshot by otto' }).click()
  await expect(viewer.getByRole('region', { name: 'Steps' })).toBeVisible()
  await expect(viewer.getByRole('list', { name: 'Who did what' })).toContainText(OPERATOR)
})

test('a viewer’s crafted request is refused with a sentence, changes nothing, and is recorded', async ({
  page,
}) => {
  await operator.goto(baseUrl + vmPath('lab', VM))
  let sent: Request | undefined
  operator.on('request', (request) => {
    if (request.headers()['next-action']) sent ??= request
  })
  await takeSnapshot(operator, 'crafted', 'off')
  const before = await lab.virsh('snapshot-list', VM, '--name')
  const { 'next-action': action, 'content-type': type, 'next-router-state-tree': tree } = sent!.headers()
  const body = sent!
    .postData()!
    .replace(/"nonce":"[^"]*"/, '"nonce":"crafted"')
    .replaceAll('crafted', 'by the viewer')
  const answer = await fetch(sent!.url(), {
    method: 'POST',
    body,
    headers: {
      'next-action': action!,
      'content-type': type!,
      ...(tree ? { 'next-router-state-tree': tree } : {}),
      origin: baseUrl,
      cookie: await cookieOf(viewer),
    },
  })
  expect(await answer.text()).toContain(
    'Your role is viewer, which may not take a snapshot: an operator or an admin may. Nothing was done.',
  )
  expect(await lab.virsh('snapshot-list', VM, '--name')).toBe(before)
  const uuid = (await lab.virsh('domuuid', VM)).trim()
  expect(
    (await fetch(baseUrl + mergePlanPath('lab', uuid), { headers: { cookie: await cookieOf(viewer) } }))
      .status,
  ).toBe(403)
  await open(page, auditPath({ person: VIEWER, result: 'refused' }))
  const records = page.getByRole('list', { name: 'Records' }).getByRole('listitem')
  await expect(records.first()).toContainText('which may not plan a merge')
  const record = records.filter({ hasText: 'which may not take a snapshot' })
  await expect(record).toContainText(VIEWER)
  await expect(record.getByRole('link', { name: VM, exact: true })).toBeVisible()
})

test('pages of admins answer 403 to others', async () => {
  for (const page of [viewer, operator]) {
    for (const path of [usersPath(), auditPath(), notificationsPath()]) {
      const response = await page.goto(baseUrl + path)
      expect([path, response!.status()]).toEqual([path, 403])
      await expect(
        page.getByRole('heading', { level: 1, name: 'This page is not for your role' }),
      ).toBeVisible()
    }
  }
})

test('a changed role takes effect on an open page within a second', async ({ page }) => {
  await openLive(viewer, vmPath('lab', VM))
  for (const [role, there] of [
    ['operator', true],
    ['viewer', false],
  ] as const) {
    const seen = buttonAt(viewer, 'Take snapshot', there)
    const atMs = await changeRole(page, VIEWER, role)
    const afterMs = (await seen) - atMs
    console.log(`team: the role ${role} showed after ${afterMs} ms`)
    expect(afterMs).toBeLessThan(SOON_MS)
  }
})

test('a disabled user is out at once, event stream included, and in again when enabled', async ({ page }) => {
  await openLive(operator, vmPath('lab', VM))
  const stream = await fetch(`${baseUrl}/api/events`, { headers: { cookie: await cookieOf(operator) } })
  const ended = (async () => {
    for await (const chunk of stream.body!) void chunk
    return Date.now()
  })()
  const left = operator.waitForRequest((request) => request.isNavigationRequest()).then(() => Date.now())
  const item = await manage(page, OPERATOR)
  const atMs = Date.now()
  await item.getByRole('button', { name: `Disable ${OPERATOR}` }).click()
  expect((await left) - atMs).toBeLessThan(SOON_MS)
  expect((await ended) - atMs).toBeLessThan(SOON_MS)
  await expect(operator).toHaveURL(/\/login/)
  await signIn(operator, OPERATOR, PASSWORD)
  await expect(
    operator.getByRole('alert').filter({ hasText: 'The user name or the password is wrong.' }),
  ).toBeVisible()
  await item.getByRole('button', { name: `Enable ${OPERATOR}` }).click()
  await expect(item.getByText('active', { exact: true })).toBeVisible()
  await signIn(operator, OPERATOR, PASSWORD)
  await expect(operator.getByRole('button', { name: 'Sign out' })).toBeVisible()
})

test('the last admin is kept: not disabled, not demoted', async ({ page }) => {
  const item = await manage(page, 'admin')
  await item.getByRole('button', { name: 'Disable admin' }).click()
  await expect(item.getByRole('alert')).toContainText('This is the last admin who can sign in')
  await item.getByLabel('Role of admin').selectOption('viewer')
  await item.getByRole('button', { name: 'Change role of admin' }).click()
  await expect(item.getByRole('alert').first()).toContainText('This is the last admin who can sign in')
  await page.reload()
  await expect(userItem(page, 'admin')).toContainText('active')
})

test('sessions are listed with what, where and when; one’s own on the account, others’ by an admin', async ({
  page,
  browser,
}) => {
  const second = await newPage(browser)
  await signIn(second, VIEWER, PASSWORD)
  await expect(second.getByRole('button', { name: 'Sign out' })).toBeVisible()
  await viewer.goto(`${baseUrl}/account`)
  const own = viewer.getByRole('list', { name: 'Sessions' }).getByRole('listitem')
  await expect(own.filter({ hasText: 'this one' })).toContainText(
    /Chrome \d+ on Linux.*from 127\.0\.0\.1 · since/s,
  )
  await own.filter({ hasNotText: 'this one' }).first().getByRole('button', { name: 'End session' }).click()
  await expect(second).toHaveURL(/\/login/)
  const item = await manage(page, VIEWER)
  await item
    .getByRole('button', { name: `End session of ${VIEWER}` })
    .first()
    .click()
  await expect(viewer).toHaveURL(/\/login/)
  await signIn(viewer, VIEWER, PASSWORD)
  await expect(viewer.getByRole('button', { name: 'Sign out' })).toBeVisible()
})

test('the audit log holds sign-ins, good and bad, with the address of the connection and not the client’s word', async ({
  page,
  browser,
}) => {
  const liar = await newPage(browser, {
    extraHTTPHeaders: { 'x-forwarded-for': '203.0.113.66', 'x-keyframe-peer': '203.0.113.66' },
  })
  await signIn(liar, VIEWER, 'not the password')
  await expect(liar.getByRole('alert').filter({ hasText: 'is wrong' })).toBeVisible()
  await open(page, auditPath({ person: VIEWER }))
  await page.getByLabel('Act', { exact: true }).selectOption('session.sign-in')
  await page.getByLabel('Result', { exact: true }).selectOption('refused')
  await page.getByRole('button', { name: 'Search' }).click()
  const record = page.getByRole('list', { name: 'Records' }).getByRole('listitem').first()
  await expect(record).toContainText('from 127.0.0.1')
  await expect(record).toContainText('The user name or the password is wrong.')
  expect(await page.getByRole('main').innerText()).not.toContain('203.0.113.66')
  await open(page, auditPath({ q: 'change a user', person: 'admin', result: 'ok' }))
  await expect(page.getByRole('list', { name: 'Records' }).getByRole('listitem').first()).toContainText(
    VIEWER,
  )
  await open(page, auditPath({ from: 'yesterday' }))
  await expect(page.getByRole('status').filter({ hasText: '“yesterday” is no time' })).toBeVisible()
})

test('without JavaScript an admin invites, changes a role, and reads the audit log', async ({ browser }) => {
  const page = await newPage(browser, { javaScriptEnabled: false })
  const name = `plain-${N}`
  expect(await invite(page, name, 'viewer')).toMatch(/\/setup\/[\w-]{32}$/)
  const item = await manage(page, name)
  await item.getByLabel(`Role of ${name}`).selectOption('operator')
  await item.getByRole('button', { name: `Change role of ${name}` }).click()
  await expect(userItem(page, name).getByText('operator', { exact: true })).toBeVisible()
  await expect(userItem(page, name).getByText(`The role of ${name} is changed.`)).toBeVisible()
  await (await manage(page, name)).getByRole('button', { name: `Withdraw invitation of ${name}` }).click()
  await expect(userItem(page, name)).toHaveCount(0)
  await open(page, auditPath())
  await page.getByLabel('Text', { exact: true }).fill(name)
  await page.getByRole('button', { name: 'Search' }).click()
  await expect(page.getByRole('list', { name: 'Records' }).getByRole('listitem')).toHaveCount(3)
})

for (const [name, options] of [
  ['at 1440 px, light', { viewport: { width: 1440, height: 900 }, colorScheme: 'light' }],
  ['at 390 px, dark', { viewport: PHONE, colorScheme: 'dark' }],
] as const) {
  test(`${name}: nothing serious for axe, nothing sideways`, async ({ browser }) => {
    const page = await newPage(browser, options)
    for (const path of [usersPath(), auditPath(), '/account']) {
      await open(page, path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      for (const summary of await page.locator('summary').all()) await summary.click()
      await expectAccessible(page)
      await expectNoSideways(page)
      if (process.env.KEYFRAME_SHOTS)
        await page.screenshot({
          path: `${process.env.KEYFRAME_SHOTS}/team-${path.slice(1)}-${options.viewport.width}.png`,
          fullPage: true,
        })
    }
    await openVm(page, VM)
    await expectAccessible(page)
    await expectNoSideways(page)
  })
}
