import { expect, test, type Page } from '@playwright/test'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { sharesPath, vmPath } from '../components/paths.ts'
import { open, openVm } from './browser-acts.ts'
import { guestWithOverlay } from './guest-with-overlay.ts'
import { allOf, expectNoLeak, freshPage, makeLink, openLink, secretsOf } from './share-acts.ts'
import { choosePassword, invite } from './team-acts.ts'
import { testLab, underTest } from './under-test.ts'

// A test that fails is followed by a new worker: it makes a guest and a user of its own.
const N = process.env.TEST_WORKER_INDEX
const [VM, OPERATOR] = [`share-${N}`, `sharer-${N}`]
const SOON_MS = 2_000
const GONE_MS = 1_000
const { baseUrl, dataDir } = underTest()
const lab = testLab()

let operator: Page
const main = (page: Page) => page.getByRole('main')

test.beforeAll(async ({ browser }) => {
  await guestWithOverlay(VM)
  const admin = await freshPage(browser)
  operator = await freshPage(browser)
  await choosePassword(operator, await invite(admin, OPERATOR, 'operator'))
  await admin.context().close()
})
test.afterAll(async () => {
  await operator.context().close()
  await lab.virsh('destroy', VM)
})

test('a link made by an operator opens in a fresh browser: title, content, nothing that acts, and it is counted', async ({
  browser,
}) => {
  await openVm(operator, VM)
  const link = await makeLink(operator)
  expect(link).toMatch(new RegExp(`^${baseUrl}/s/[\\w-]{32}$`))
  const page = await freshPage(browser)
  const response = await page.goto(link)
  expect(response!.headers()).toMatchObject({
    'referrer-policy': 'no-referrer',
    'x-robots-tag': expect.stringContaining('noindex'),
    'cache-control': expect.stringContaining('no-store'),
  })
  await expect(page).toHaveTitle(`VM ${VM} · Keyframe`)
  await expect(page.getByRole('heading', { level: 1, name: VM })).toBeVisible()
  await expect(page.getByRole('list', { name: 'Backing chain of vda' }).getByRole('listitem')).toHaveCount(2)
  await expect(page.getByRole('list', { name: 'Snapshots' })).toContainText('s1')
  expect([await page.getByRole('button').count(), await page.getByRole('link').count()]).toEqual([0, 0])
  // The one cookie says that this browser was counted, to this link alone.
  const cookies = async () =>
    (await page.context().cookies()).map(({ name, value, path }) => [name, value, path])
  await expect.poll(cookies).toEqual([['keyframe-share-opened', '1', new URL(link).pathname]])
  for (const method of ['GET', 'HEAD'])
    expect([method, (await fetch(`${link}/opened`, { method })).status]).toEqual([method, 405])
  await page.reload()
  // What unfurls a link reads the head, and counts as nobody.
  const head = (await (await fetch(link, { headers: { 'user-agent': 'some chat' } })).text()).split(
    '</head>',
  )[0]!
  expect(head).toContain(`<meta property="og:title" content="VM ${VM}"/>`)
  expect(head).toMatch(/<meta name="robots" content="noindex, nofollow[^"]*"/)
  expect(head).toMatch(/<meta name="referrer" content="no-referrer"/)
  await open(operator, sharesPath())
  const item = operator.getByRole('list', { name: 'Share links' }).getByRole('listitem').first()
  await expect(item).toContainText('opened once')
  await expect(item).toContainText(`by ${OPERATOR}`)
  // Whoever is signed in gets the same page.
  await operator.goto(link)
  await expect(operator.getByRole('heading', { level: 1, name: VM })).toBeVisible()
  expect([await operator.getByRole('button').count(), await operator.getByRole('link').count()]).toEqual([
    0, 0,
  ])
  await page.context().close()
})

test('a merge shows on the shared page within 2 s, with no file’s name in it, and a share of the job follows it to its end', async ({
  browser,
}) => {
  const secrets = await secretsOf(VM)
  await openVm(operator, VM)
  const link = await makeLink(operator)
  const page = await freshPage(browser)
  await openLink(page, link)
  await expect(page.getByRole('progressbar')).toHaveCount(0)
  const heard: string[] = []
  const abort = new AbortController()
  const listening = (async () => {
    for await (const chunk of (await fetch(`${link}/events`, { signal: abort.signal })).body!.pipeThrough(
      new TextDecoderStream(),
    ))
      heard.push(chunk)
  })().catch(() => undefined)

  await operator.getByRole('button', { name: 'Merge', exact: true }).click()
  const dialog = operator.getByRole('dialog')
  await dialog.getByRole('radio', { name: /Commit down/ }).check()
  await dialog.getByLabel(/Bandwidth limit/).fill('0.5')
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click()
  await expect(dialog.getByRole('progressbar').first()).toBeVisible()
  const atMs = Date.now()
  await expect(page.getByRole('progressbar').first()).toBeVisible({ timeout: SOON_MS })
  console.log(`shares: a merge showed on the shared page ${Date.now() - atMs} ms after it did in its dialog`)
  await expect(page.getByRole('progressbar', { name: 'commit of vda' })).toBeVisible()
  await expect
    .poll(async () => Number(await page.getByRole('progressbar').first().getAttribute('aria-valuenow')))
    .toBeGreaterThan(0)
  await expect(main(page)).toContainText('Merge vda: file 2 into file 1')
  expectNoLeak(await allOf(link), [...secrets, OPERATOR])

  await openVm(operator, VM)
  await operator
    .getByRole('region', { name: 'Jobs' })
    .getByRole('link', { name: /^Merge vda/ })
    .click()
  await expect(operator.getByRole('region', { name: 'Steps' })).toBeVisible()
  const [ofJob, withPaths] = [await makeLink(operator), await makeLink(operator, { showPaths: true })]
  const follower = await freshPage(browser)
  await openLink(follower, ofJob)
  await expect(follower.getByRole('region', { name: 'Steps' }).getByRole('listitem').first()).toBeVisible()
  await expect
    .poll(async () => Number(await follower.getByRole('progressbar').first().getAttribute('aria-valuenow')))
    .toBeGreaterThan(0)
  await operator.getByRole('button', { name: 'Cancel job', exact: true }).click()
  await expect(follower.getByRole('status').filter({ hasText: /cancelled/i })).toBeVisible()
  await expect(page.getByRole('progressbar')).toHaveCount(0)
  expect([await follower.getByRole('button').count(), await follower.getByRole('link').count()]).toEqual([
    0, 0,
  ])
  expectNoLeak(await allOf(ofJob), [...secrets, OPERATOR])
  const shown = await allOf(withPaths)
  expect(shown).toContain(secrets[0])
  expect(shown).not.toContain('qemu:///')
  abort.abort()
  await listening
  expect(heard.join('')).toContain('"type":"block-jobs"')
  expectNoLeak(heard.join(''), [...secrets, OPERATOR])
  for (const each of [page, follower]) await each.context().close()
})

test('one character changed, revoked, expired: the same page, and nothing else tells', async ({
  browser,
}) => {
  await openVm(operator, VM)
  const [revoked, expired] = [await makeLink(operator), await makeLink(operator, { lifetime: '1h' })]
  const page = await freshPage(browser)
  await openLink(page, revoked)
  const stream = await fetch(`${revoked}/events`)
  const ended = (async () => {
    for await (const chunk of stream.body!) void chunk
    return Date.now()
  })()
  await open(operator, sharesPath())
  // The newest comes first: the one that will be expired.
  const items = operator.getByRole('list', { name: 'Share links' }).getByRole('listitem')
  const atMs = Date.now()
  await items
    .nth(1)
    .getByRole('button', { name: /^Revoke/ })
    .click()
  expect((await ended) - atMs).toBeLessThan(GONE_MS)
  await expect(page.getByRole('heading', { level: 1, name: 'This link doesn’t work' })).toBeVisible()
  await expect(items.nth(1)).toContainText('revoked')

  const database = new DatabaseSync(join(dataDir, 'keyframe.db'), { timeout: 5_000 })
  database
    .prepare(
      'UPDATE shares SET expires_at_ms = ? WHERE expires_at_ms = (SELECT min(expires_at_ms) FROM shares)',
    )
    .run(Date.now() - 1)
  database.close()
  const mistyped = `${revoked.slice(0, -5)}${revoked.at(-5) === 'A' ? 'B' : 'A'}${revoked.slice(-4)}`
  const texts = new Set<string>()
  for (const link of [revoked, expired, mistyped, `${baseUrl}/s/x`, `${baseUrl}/s/%20%27%3C`]) {
    const response = await page.goto(link)
    expect([link, response!.status(), await page.title()]).toEqual([link, 404, 'Keyframe'])
    await expect(page.getByRole('heading', { level: 1, name: 'This link doesn’t work' })).toBeVisible()
    texts.add(await page.locator('body').innerText())
    const head = (await (await fetch(link)).text()).split('</head>')[0]
    expect(head).not.toContain(VM)
    for (const [path, method] of [
      ['events', 'GET'],
      ['opened', 'POST'],
    ])
      expect([path, (await fetch(`${link}/${path}`, { method })).status]).toEqual([path, 404])
  }
  expect(texts.size).toBe(1)
  // Every other address, of things that are and that are not, is the sign-in page.
  for (const path of [
    vmPath('lab', VM),
    vmPath('lab', 'none'),
    '/s',
    '/s/',
    '/s/x/more',
    '/s/x/events/more',
    '/s/../hosts',
    sharesPath(),
  ]) {
    await page.goto(baseUrl + path)
    expect([path, new URL(page.url()).pathname]).toEqual([path, '/login'])
  }
  expect((await fetch(`${baseUrl}/api/shares?kind=vm`)).status).toBe(401)
  await page.context().close()
})
