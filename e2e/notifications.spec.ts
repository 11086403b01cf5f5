import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Browser, type BrowserContext, type Locator, type Page } from '@playwright/test'
import { auditPath, backupsPath, notificationsPath, vmBackupsPath } from '../components/paths.ts'
import { startMailServer } from '../lib/notifications/testing/mail-server.ts'
import { startReceiver, type Receiver } from '../lib/notifications/testing/receiver.ts'
import { open } from './browser-acts.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { choosePassword, cookieOf, invite } from './team-acts.ts'
import { testLab, underTest } from './under-test.ts'

/** A test that fails is followed by a new worker: it makes a guest, a target and users of its own. */
const N = process.env.TEST_WORKER_INDEX
const [VM, TARGET, CHANNEL] = [`told-${N}`, `tiny-${N}`, `hook ${N}`]
const MIB = 1024 * 1024
const JOB_LIMIT_MS = 60_000
const { baseUrl } = underTest()
const lab = testLab()
const folder = join(lab.dir, `tiny-${N}`)
const contexts: BrowserContext[] = []
let receiver: Receiver
let operator: Page
let viewer: Page

async function newPage(browser: Browser, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext(options)
  contexts.push(context)
  return context.newPage()
}
const item = (page: Page): Locator =>
  page
    .getByRole('list', { name: 'Channels' })
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name: CHANNEL }) })
    .first()
const shot = async (page: Page, name: string) => {
  if (process.env.KEYFRAME_SHOTS)
    await page.screenshot({ path: `${process.env.KEYFRAME_SHOTS}/notifications-${name}.png`, fullPage: true })
}

/** A backup of a VM to a target whose quota is too small fails while it runs. */
async function failToBackUp(page: Page): Promise<void> {
  await open(page, vmBackupsPath('lab', VM))
  await page.getByRole('button', { name: 'Back up now', exact: true }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Target', { exact: true }).selectOption({ label: TARGET })
  await dialog.getByLabel('Quiesce', { exact: true }).selectOption('off')
  await dialog.getByRole('button', { name: 'Back up now', exact: true }).click()
  await expect(dialog.getByRole('alert')).toContainText(
    `The quota of the target ${TARGET} would be exceeded`,
    { timeout: JOB_LIMIT_MS },
  )
  await dialog.getByRole('button', { name: 'Close', exact: true }).click()
}

test.describe.configure({ mode: 'serial' })
test.beforeAll(async ({ browser }) => {
  receiver = await startReceiver()
  mkdirSync(folder, { recursive: true })
  lab.user.own(folder)
  await lab.defineGuest({ name: VM, system: 'none', disks: [{ format: 'raw', virtualBytes: 4 * MIB }] })
  writeFileSync(lab.guests[VM]!.disks[0]!.path, Buffer.alloc(4 * MIB, 1))
  await lab.startGuest(VM, { paused: true })
  const admin = await newPage(browser)
  ;[operator, viewer] = [await newPage(browser), await newPage(browser)]
  await choosePassword(operator, await invite(admin, `told-operator-${N}`, 'operator'))
  await choosePassword(viewer, await invite(admin, `told-viewer-${N}`, 'viewer'))
  await open(admin, backupsPath())
  await admin.getByRole('button', { name: 'Add target' }).click()
  const dialog = admin.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill(TARGET)
  await dialog.getByLabel('Directory or pool').fill(folder)
  await dialog.getByLabel('Quota, GiB').fill('0.001')
  await dialog.getByRole('button', { name: 'Add target' }).click()
  await expect(dialog).toBeHidden()
})
test.afterAll(async () => {
  for (const context of contexts) await context.close()
  await receiver.stop()
  await lab.virsh('destroy', VM)
  await lab.virsh('undefine', VM, '--checkpoints-metadata').catch(() => '')
  rmSync(folder, { recursive: true, force: true })
})

test('an admin adds a webhook; what is secret is not shown again', async ({ page }) => {
  await open(page, '/')
  await page.getByRole('banner').getByRole('link', { name: 'Notifications' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Notifications' })).toBeVisible()
  await page.getByRole('button', { name: 'Add channel' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Kind').selectOption('Webhook')
  await dialog.getByLabel('Name', { exact: true }).fill(CHANNEL)
  await dialog.getByLabel('Address').fill('http://169.254.169.254/latest')
  await dialog.getByLabel('Token').fill('hidden-token')
  await dialog.getByRole('button', { name: 'Save channel' }).click()
  await expect(dialog.getByText(/sends nothing to 169\.254\.169\.254/)).toBeVisible()
  await dialog.getByLabel('Address').fill(`${receiver.url}/hidden-path`)
  await dialog.getByLabel(/once a day/).check()
  await dialog.getByLabel('Time of day').fill('25:00')
  await dialog.getByRole('button', { name: 'Save channel' }).click()
  await expect(dialog.getByText('A time of day is written like 08:00.')).toBeVisible()
  await dialog.getByLabel('Time of day').fill('7:30')
  await dialog.getByRole('button', { name: 'Save channel' }).click()
  await expect(dialog).toBeHidden()
  await expect(item(page)).toContainText(`Webhook to ${receiver.url}/… · token set`)
  await expect(item(page)).toContainText(
    /Hears changes of protection, failed jobs and a digest every day at 07:30/,
  )
  await expect(item(page)).toContainText('nothing was sent yet')
  await page.getByRole('button', { name: `Change ${CHANNEL}` }).click()
  await expect(dialog.getByText('Empty: the one that is set stays.')).toBeVisible()
  await expect(dialog.getByLabel('Kind')).toBeDisabled()
  await dialog.getByRole('button', { name: 'Back' }).click()
  await page.reload()
  expect(await page.content()).not.toContain('hidden-')
  await open(page, auditPath({ q: 'notification channel' }))
  await expect(page.getByRole('list', { name: 'Records' }).getByRole('listitem').first()).toContainText(
    'Save a notification channel',
  )
  expect(await page.content()).not.toContain('hidden-')
})

test('operators and viewers find no link to it, and are refused', async ({ page }) => {
  for (const other of [operator, viewer]) {
    const response = await other.goto(baseUrl + notificationsPath())
    expect(response!.status()).toBe(403)
    await expect(
      other.getByRole('heading', { level: 1, name: 'This page is not for your role' }),
    ).toBeVisible()
    await expect(other.getByRole('link', { name: 'Notifications' })).toHaveCount(0)
  }
  // What an admin's browser sends, sent as an operator.
  await open(page, notificationsPath())
  const sending = page.waitForRequest(
    (request) => request.method() === 'POST' && request.headers()['next-action'] !== undefined,
  )
  await item(page)
    .getByRole('button', { name: `Send test by ${CHANNEL}` })
    .click()
  const sent = await sending
  await expect(item(page).getByRole('status').filter({ hasText: 'was taken' })).toBeVisible()
  const count = receiver.received.length
  const { 'next-action': action, 'content-type': type } = sent.headers()
  const answer = await fetch(sent.url(), {
    method: 'POST',
    body: new Uint8Array(sent.postDataBuffer()!),
    headers: {
      'next-action': action!,
      'content-type': type!,
      origin: baseUrl,
      cookie: await cookieOf(operator),
    },
  })
  expect(await answer.text()).toContain(
    'Your role is operator, which may not send a test notification: an admin may. Nothing was done.',
  )
  expect(receiver.received).toHaveLength(count)
})

test('the test arrives at once, with the token', async ({ page }) => {
  receiver.received.length = 0
  await open(page, notificationsPath())
  await item(page)
    .getByRole('button', { name: `Send test by ${CHANNEL}` })
    .click()
  await expect(item(page).getByRole('status').filter({ hasText: 'was taken' })).toBeVisible()
  expect(receiver.received).toMatchObject([
    {
      method: 'POST',
      path: '/hidden-path',
      headers: { authorization: 'Bearer hidden-token' },
      body: {
        version: 1,
        event: 'test',
        title: 'Test from Keyframe',
        text: `The channel “${CHANNEL}” works. admin asked for this message.`,
        link: null,
      },
    },
  ])
  await expect(item(page)).toContainText('last sent')
})

test('a job that fails arrives at the webhook', async ({ page }) => {
  receiver.received.length = 0
  await failToBackUp(page)
  await expect
    .poll(() => receiver.received.map((each) => each.body), { timeout: 15_000 })
    .toContainEqual(
      expect.objectContaining({
        version: 1,
        event: 'job-failed',
        title: `${VM} on lab: “Back up to ${TARGET} by copy” failed`,
        text: expect.stringContaining('would be exceeded') as unknown,
        vms: [expect.objectContaining({ host: 'lab', name: VM })],
        jobs: [expect.objectContaining({ kind: 'backup-copy', status: 'failed' })],
      }),
    )
  await open(page, notificationsPath())
  await item(page).getByText('Last messages').click()
  await expect(item(page).getByRole('list', { name: `Last messages of ${CHANNEL}` })).toContainText('sent')
})

test('when the server answers 500 the page shows that it fails, live, and /backups says so to admins; then it recovers', async ({
  page,
}) => {
  await open(page, notificationsPath())
  receiver.answerWith(500, 'out of order')
  await failToBackUp(operator)
  await expect(item(page).getByRole('status').filter({ hasText: 'failing since' })).toContainText(
    'It answered 500: out of order',
    { timeout: 15_000 },
  )
  await expect(item(page)).toContainText(/1 message waits, next attempt/)
  await shot(page, 'failing-1440-light')
  const line = (of: Page) =>
    of.getByRole('status').filter({ hasText: `Word does not get through by ${CHANNEL}` })
  await open(page, backupsPath())
  await expect(line(page)).toBeVisible()
  await expectAccessible(page)
  await expect(line(page)).not.toContainText('out of order')
  await open(operator, backupsPath())
  await expect(operator.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(line(operator)).toHaveCount(0)
  await line(page).getByRole('link', { name: 'See why' }).click()
  await item(page)
    .getByRole('button', { name: `Send test by ${CHANNEL}` })
    .click()
  await expect(item(page).getByRole('alert')).toContainText(
    'The test message was not taken. It answered 500: out of order',
  )
  receiver.answerWith(200)
  receiver.received.length = 0
  await item(page)
    .getByRole('button', { name: `Send test by ${CHANNEL}` })
    .click()
  await expect(item(page).getByRole('status').filter({ hasText: 'failing since' })).toHaveCount(0)
  await expect
    .poll(() => receiver.titles(), { timeout: 15_000 })
    .toEqual(['Test from Keyframe', `${VM} on lab: “Back up to ${TARGET} by copy” failed`])
})

for (const [name, options] of [
  ['at 1440 px, light', { viewport: { width: 1440, height: 900 }, colorScheme: 'light' }],
  ['at 390 px, dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }],
  ['at 390 px, light', { viewport: { width: 390, height: 844 }, colorScheme: 'light' }],
  ['at 1440 px, dark', { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' }],
] as const) {
  test(`${name}: the page and its dialogs: nothing serious for axe, nothing sideways`, async ({
    browser,
  }) => {
    const page = await newPage(browser, options)
    const check = async (what: string) =>
      test.step(what, async () => {
        await expectAccessible(page)
        await expectNoSideways(page)
        await shot(page, `${what}-${options.viewport.width}-${options.colorScheme}`)
      })
    await open(page, notificationsPath())
    await item(page).getByText('Last messages').click()
    await check('page')
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Add channel' }).click()
    for (const kind of ['Webhook', 'ntfy', 'Slack', 'Matrix', 'E-mail']) {
      await dialog.getByLabel('Kind').selectOption(kind)
      if (kind === 'E-mail') await dialog.getByLabel('User', { exact: true }).fill('ann')
      if (kind === 'E-mail') await dialog.getByLabel(/once a day/).check()
      await check(`add-${kind}`)
    }
    await dialog.getByRole('button', { name: 'Back' }).click()
    await page.getByRole('button', { name: `Change ${CHANNEL}` }).click()
    await check('change')
    await dialog.getByRole('button', { name: 'Back' }).click()
    await page.getByRole('button', { name: `Remove ${CHANNEL}` }).click()
    await check('remove')
    await dialog.getByRole('button', { name: 'Back' }).click()
    // On a phone the way to it stands on the account's page.
    await open(page, '/account')
    await expect(page.getByRole('link', { name: 'Notifications' }).filter({ visible: true })).toHaveCount(1)
    await check('account')
    // Between a phone and a desk the header holds as many links as fit.
    for (const width of [360, 640, 767, 768]) {
      await page.setViewportSize({ width, height: 800 })
      await expect(page.getByRole('link', { name: 'Notifications' }).filter({ visible: true })).toHaveCount(1)
      await expectNoSideways(page)
    }
  })
}

test('a mail arrives at a real mail server; one that refuses the password is quoted', async ({ page }) => {
  const server = await startMailServer()
  const name = `mail ${N}`
  const mail = page
    .getByRole('list', { name: 'Channels' })
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name }) })
    .first()
  const dialog = page.getByRole('dialog')
  await open(page, notificationsPath())
  await page.getByRole('button', { name: 'Add channel' }).click()
  await dialog.getByLabel('Kind').selectOption('E-mail')
  await dialog.getByLabel('Name', { exact: true }).fill(name)
  await dialog.getByLabel('Mail server').fill('127.0.0.1')
  await dialog.getByLabel('Encryption').selectOption('STARTTLS')
  await expect(dialog.getByLabel('Port')).toHaveValue('587')
  await dialog.getByLabel('Encryption').selectOption('none')
  await dialog.getByLabel('Port').fill(String(server.port))
  await dialog.getByLabel('User', { exact: true }).fill('ann')
  await dialog.getByLabel('Password').fill('wrong')
  await dialog.getByLabel('From').fill('keyframe@example.org')
  await dialog.getByLabel('To', { exact: true }).fill('ann@example.org, ben')
  await dialog.getByRole('button', { name: 'Save channel' }).click()
  await expect(dialog.getByText('An address like ann@example.org.')).toBeVisible()
  await dialog.getByLabel('To', { exact: true }).fill('ann@example.org, ben@example.org')
  await dialog.getByRole('button', { name: 'Save channel' }).click()
  await expect(dialog).toBeHidden()
  await expect(mail).toContainText(
    `E-mail to ann@example.org, ben@example.org by 127.0.0.1:${server.port} · password set`,
  )
  await mail.getByRole('button', { name: `Send test by ${name}` }).click()
  await expect(mail.getByRole('alert')).toContainText(
    'The test message was not taken. It refused user and password: 535',
  )
  await page.getByRole('button', { name: `Change ${name}` }).click()
  await dialog.getByLabel('Password').fill('pass word')
  await dialog.getByRole('button', { name: 'Save channel' }).click()
  await expect(dialog).toBeHidden()
  await mail.getByRole('button', { name: `Send test by ${name}` }).click()
  await expect(mail.getByRole('status').filter({ hasText: 'was taken' })).toBeVisible()
  expect(server.mails).toMatchObject([
    {
      from: 'keyframe@example.org',
      to: ['ann@example.org', 'ben@example.org'],
      user: 'ann',
      text: expect.stringContaining('Subject: Test from Keyframe') as unknown,
    },
  ])
  await page.getByRole('button', { name: `Remove ${name}` }).click()
  await dialog.getByRole('button', { name: 'Remove channel' }).click()
  await expect(page.getByRole('heading', { name })).toHaveCount(0)
  await server.stop()
})

test('without JavaScript the channels can be read and tested', async ({ browser }) => {
  const page = await newPage(browser, { javaScriptEnabled: false })
  await open(page, notificationsPath())
  await expect(item(page)).toContainText('last sent')
  receiver.received.length = 0
  await item(page)
    .getByRole('button', { name: `Send test by ${CHANNEL}` })
    .click()
  await expect(item(page).getByText('The test message was taken')).toBeVisible()
  expect(receiver.titles()).toEqual(['Test from Keyframe'])
})

test('a channel that is removed is gone, after it was confirmed', async ({ page }) => {
  await open(page, notificationsPath())
  await page.getByRole('button', { name: `Remove ${CHANNEL}` }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Back' }).click()
  await expect(item(page)).toBeVisible()
  await page.getByRole('button', { name: `Remove ${CHANNEL}` }).click()
  await dialog.getByRole('button', { name: 'Remove channel' }).click()
  await expect(page.getByRole('heading', { name: CHANNEL })).toHaveCount(0)
  await open(page, auditPath({ q: 'remove a notification channel' }))
  await expect(page.getByRole('list', { name: 'Records' }).getByRole('listitem').first()).toContainText(
    'admin',
  )
})
