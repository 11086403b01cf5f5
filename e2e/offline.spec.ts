import { expect, test, type Page } from '@playwright/test'
import { backupsPath, jobsPath } from '../components/paths.ts'
import { open } from './browser-acts.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { underTest } from './under-test.ts'

const HOUR_MS = 3_600_000

test.use({ viewport: { width: 390, height: 844 }, serviceWorkers: 'allow' })

/** What this browser has of Keyframe's pages. */
const keptPaths = (page: Page): Promise<string[]> =>
  page.evaluate(async () =>
    (await caches.has('keyframe-pages'))
      ? (await (await caches.open('keyframe-pages')).keys())
          .map((request) => new URL(request.url).pathname)
          .sort()
      : [],
  )

async function openKept(page: Page): Promise<void> {
  await open(page, backupsPath())
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
  await expect.poll(() => keptPaths(page)).toContain(backupsPath())
}

test('installable: a manifest whose icons are there for whoever asks', async ({ request }) => {
  const { baseUrl } = underTest()
  const manifest = (await (await request.get(`${baseUrl}/manifest.webmanifest`)).json()) as {
    icons: { src: string; sizes: string; type: string; purpose: string }[]
    display: string
    start_url: string
  }
  expect(manifest.display).toBe('standalone')
  expect(manifest.icons.map(({ sizes, type, purpose }) => `${sizes} ${type} ${purpose}`)).toEqual(
    expect.arrayContaining(['192x192 image/png any', '512x512 image/png any', '512x512 image/png maskable']),
  )
  for (const { src, type } of manifest.icons) {
    const answer = await request.get(baseUrl + src, { maxRedirects: 0 })
    expect([src, answer.status(), answer.headers()['content-type']]).toEqual([src, 200, type])
  }
})

test('without a connection: the page as it was and how old it is, others by name, and all well again afterwards', async ({
  page,
  context,
}) => {
  await openKept(page)
  const answer = await page.getByRole('main').getByRole('status').first().innerText()
  // Two hours pass on the device.
  await page.evaluate(async (agoMs) => {
    const pages = await caches.open('keyframe-pages')
    for (const request of await pages.keys()) {
      const kept = (await pages.match(request))!
      await pages.put(
        request,
        new Response(await kept.text(), {
          headers: {
            'content-type': 'text/html; charset=utf-8',
            'x-kept-at': String(Number(kept.headers.get('x-kept-at')) - agoMs),
          },
        }),
      )
    }
  }, 2 * HOUR_MS)
  await context.setOffline(true)
  await page.reload()
  await expect(page.getByRole('status').first()).toContainText(
    'Keyframe can’t be reached. This is as it was 2 hours ago',
  )
  await expect(page.getByRole('main')).toContainText(answer.split('\n')[0]!)
  expect(
    await page.evaluate(() => getComputedStyle(document.body).fontFamily),
    'its styles are kept, too',
  ).toContain('system-ui')
  await expect(page.getByRole('main').getByRole('button')).toHaveCount(0)
  await expectNoSideways(page)
  await page.goto(underTest().baseUrl + jobsPath())
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Keyframe can’t be reached')
  await expect(page.getByRole('listitem').filter({ hasText: 'Backups' })).toContainText(
    'as it was 2 hours ago',
  )
  await expectAccessible(page)
  await expectNoSideways(page)
  await page.getByRole('link', { name: 'Backups', exact: true }).click()
  await expect(page.getByRole('status').first()).toContainText('2 hours ago')
  // By itself.
  await context.setOffline(false)
  await expect(page.getByText('Keyframe can’t be reached')).toHaveCount(0)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Backups')
})

test('signed out: nothing is kept, and nothing is shown without a connection', async ({ page, context }) => {
  await openKept(page)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByLabel('Password')).toBeVisible()
  await expect.poll(() => keptPaths(page)).toEqual([])
  await context.setOffline(true)
  await page.goto(underTest().baseUrl + backupsPath())
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Keyframe can’t be reached')
  await expect(page.getByRole('main')).toContainText('No page is kept on this device.')
})
