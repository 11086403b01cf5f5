import { get } from 'node:http'
import { expect, test, type Page } from '@playwright/test'
import { auditPath, sharesPath, usersPath } from '../components/paths.ts'
import { open, openVm } from './browser-acts.ts'
import { ask } from './http-sign-in.ts'
import { freshPage, makeLink, openLink } from './share-acts.ts'
import { changeRole, choosePassword, cookieOf, invite, manage } from './team-acts.ts'
import { testLab, underTest } from './under-test.ts'

// A test that fails is followed by a new worker: it makes a guest and users of its own.
const N = process.env.TEST_WORKER_INDEX
const VM = `limits-${N}`
const OPERATOR = `olaf-${N}`
const GONE_MS = 2_000
const STREAMS_PER_SESSION = 20
const { baseUrl } = underTest()
const lab = testLab()

interface HeardStream {
  text(): string
  isOpen(): boolean
  close(): void
}

/** A stream with whatever it sends; resolves with its first event. */
function openStream(path: string, cookie: string): Promise<HeardStream> {
  return new Promise((resolve, reject) => {
    let [text, isOpen] = ['', true]
    const request = get(baseUrl + path, { agent: false, headers: { cookie } }, (response) => {
      if (response.statusCode !== 200) {
        reject(new Error(`The stream was answered with ${response.statusCode}.`))
        return
      }
      response
        .setEncoding('utf8')
        .on('data', (chunk: string) => {
          text += chunk
          resolve({ text: () => text, isOpen: () => isOpen, close: () => request.destroy() })
        })
        .on('close', () => {
          isOpen = false
        })
        .on('error', () => undefined)
    })
    request.on('error', reject)
  })
}

let operator: Page
test.beforeAll(async ({ browser }) => {
  await lab.defineGuest({ name: VM, system: 'none' })
  const admin = await freshPage(browser)
  operator = await freshPage(browser)
  await choosePassword(operator, await invite(admin, OPERATOR, 'operator'))
  await admin.context().close()
})
test.afterAll(() => operator.context().close())

test('what a browser says it resumes from puts no event into the stream', async () => {
  const cookie = await cookieOf(operator)
  const injected = await openStream(
    `/api/events?${new URLSearchParams({ since: 'x\nevent: message\ndata: {"type":"signed-out"}\n\n' })}`,
    cookie,
  )
  await expect.poll(injected.text).toContain('data: {"type":"reload"}')
  expect(injected.text()).not.toContain('signed-out')
  expect(injected.text().match(/^(retry|id|event|data):/gm)).toEqual([
    'retry:',
    'id:',
    'event:',
    'data:',
    'id:',
    'data:',
  ])
  injected.close()
})

test('one session has twenty streams at most: its oldest one ends for another', async () => {
  const cookie = await cookieOf(operator)
  const streams: HeardStream[] = []
  // The browser's own page has one, which may be among the oldest and comes back: it is left elsewhere meanwhile.
  await operator.goto('about:blank')
  await new Promise((resolve) => setTimeout(resolve, 300))
  for (let count = 0; count < STREAMS_PER_SESSION + 2; count++)
    streams.push(await openStream('/api/events', cookie))
  await expect
    .poll(() => streams.map((stream) => stream.isOpen()))
    .toEqual([false, false, ...Array<boolean>(STREAMS_PER_SESSION).fill(true)])
  for (const stream of streams) stream.close()
})

test('a sign-out ends the session’s streams elsewhere at once', async ({ page }) => {
  await open(page, usersPath())
  const stream = await openStream('/api/events', await cookieOf(page))
  const atMs = Date.now()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect.poll(stream.isOpen, { intervals: [50] }).toBe(false)
  expect(Date.now() - atMs).toBeLessThan(GONE_MS)
  expect(stream.text()).toContain('{"type":"signed-out"}')
})

test('a share link ends with its maker’s right to share: by another role, and by disabling, and the page says how many', async ({
  browser,
  page: admin,
}) => {
  const reader = await freshPage(browser)
  const dead = reader.getByRole('heading', { level: 1, name: 'This link doesn’t work' })
  await openVm(operator, VM)
  await openLink(reader, await makeLink(operator))
  await changeRole(admin, OPERATOR, 'viewer')
  await expect(dead).toBeVisible({ timeout: GONE_MS })
  const item = await manage(admin, OPERATOR)
  await changeRole(admin, OPERATOR, 'operator')
  await openVm(operator, VM)
  await openLink(reader, await makeLink(operator))
  await makeLink(operator)
  await manage(admin, OPERATOR)
  await item.getByRole('button', { name: `Disable ${OPERATOR}` }).click()
  await expect(
    item.getByRole('status').filter({
      hasText: `${OPERATOR} is disabled and signed out. The 2 share links that they had made are revoked.`,
    }),
  ).toBeVisible()
  await expect(dead).toBeVisible({ timeout: GONE_MS })
  await open(admin, sharesPath())
  await expect(
    admin
      .getByRole('list', { name: 'Share links' })
      .getByRole('listitem')
      .filter({ hasText: `made by ${OPERATOR}, disabled` })
      .first(),
  ).toContainText('revoked')
  await reader.context().close()
})

test('what a viewer was refused stands in the audit log, pages and routes, once a minute', async ({
  browser,
  page: admin,
}) => {
  const name = `vito-${N}`
  const viewer = await freshPage(browser)
  await choosePassword(viewer, await invite(admin, name, 'viewer'))
  for (let time = 0; time < 2; time++) {
    await viewer.goto(baseUrl + usersPath())
    expect(
      (await ask(`${baseUrl}/api/shares?kind=vm&host=lab&vm=x`, { cookie: await cookieOf(viewer) })).status,
    ).toBe(403)
  }
  await open(admin, auditPath({ person: name, result: 'refused' }))
  const records = admin.getByRole('list', { name: 'Records' }).getByRole('listitem')
  await expect(records).toHaveCount(2)
  await expect(records.filter({ hasText: 'See the users' })).toHaveCount(1)
  await expect(records.filter({ hasText: 'See the share links' })).toHaveCount(1)
  await viewer.context().close()
})

test('a plan or a form of what is no VM is not found, and one that is asked for too often waits', async ({
  page,
}) => {
  await open(page, usersPath())
  const cookie = await cookieOf(page)
  for (const what of [
    'snapshot-form',
    'snapshot-plan',
    'snapshot-name',
    'backup-form',
    'merge-plan',
    'delete-plan',
    'revert-plan',
  ]) {
    for (const vm of ['none', '00000000', '%20', '00000000-0000-0000-0000-00000000000g'])
      expect([
        what,
        vm,
        (await ask(`${baseUrl}/api/hosts/lab/vms/${vm}/${what}?name=x&snapshot=x`, { cookie })).status,
      ]).toEqual([what, vm, 404])
  }
  const path = `${baseUrl}/api/hosts/lab/vms/none/snapshot-form`
  const answers = await Promise.all(Array.from({ length: 30 }, () => ask(path, { cookie })))
  expect(answers.map(({ status }) => status).filter((status) => status === 429)).toHaveLength(1)
  const late = await ask(path, { cookie })
  expect([late.status, Number(late.headers['retry-after']) > 0]).toEqual([429, true])
  expect(JSON.parse(late.body)).toEqual({
    message: expect.stringMatching(
      /^This was asked for too often in the last minute.* Try again in \d+ seconds?\.$/,
    ),
  })
})
