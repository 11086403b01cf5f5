import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { repoDir } from '../lib/testing/lab/paths.ts'
import { underTest } from './under-test.ts'

const { baseUrl, username, password } = underTest()

async function submit(page: Page, name: string, secret: string) {
  await page.getByLabel('Username').fill(name)
  await page.getByLabel('Password').fill(secret)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
async function signIn(page: Page, next = '/') {
  await page.goto(`${baseUrl}${next}`)
  await submit(page, username, password)
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
}

/** Addresses of every page and route under app/, so that a new one can't be missing. */
function addresses(folder = join(repoDir, 'app'), path = ''): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory())
      return addresses(
        join(folder, entry.name),
        `${path}/${entry.name
          .replace('[host]', 'lab')
          .replace('[vm]', 'web')
          .replace(/\[.*\]/, 'x')}`,
      )
    return entry.name === 'page.tsx' || entry.name === 'route.ts' ? [path || '/'] : []
  })
}
// What belongs to share links: shares.spec.ts.
const SHARES = ['/s/x', '/s/x/events', '/s/x/opened', '/s/x/unlock']
// What is not there below /api is 404 to everybody.
const PUBLIC = ['/login', '/setup/x', '/api/x', '/api/health', ...SHARES]
const gated = addresses().filter((path) => !PUBLIC.includes(path))

test.describe('without a session', () => {
  for (const cookie of [
    null,
    'keyframe-session=forged',
    'keyframe-session=eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..x.y.z',
  ]) {
    test(`every address gives the sign-in page or 401, ${cookie ? `with the cookie ${cookie.slice(25, 40)}` : 'without a cookie'}`, async () => {
      expect(gated).toEqual(
        expect.arrayContaining([
          '/',
          '/account',
          '/api/events',
          '/hosts/lab/vms/web',
          '/hosts/lab/vms/web/snapshots/x',
        ]),
      )
      for (const path of [...gated, '/hosts/lab/vms/nobody', '/hosts/nowhere/vms/x', '/no/such/page']) {
        const response = await fetch(baseUrl + path, {
          redirect: 'manual',
          headers: cookie ? { cookie } : {},
        })
        if (path.startsWith('/api/')) expect([path, response.status]).toEqual([path, 401])
        else if (response.status === 404)
          expect([path, cookie !== null, (await response.text()).includes('nobody')]).toEqual([
            '/no/such/page',
            true,
            false,
          ])
        else
          expect([
            path,
            response.status,
            new URL(response.headers.get('location') ?? '', baseUrl).pathname,
          ]).toEqual([path, 307, '/login'])
      }
    })
  }

  test('a colleague lands where the link pointed', async ({ page }) => {
    await page.goto(`${baseUrl}/hosts/lab/vms/db?x=1`)
    await expect(page).toHaveURL(/\/login\?next=/)
    await submit(page, username, password)
    await expect(page).toHaveURL(`${baseUrl}/hosts/lab/vms/db?x=1`)
  })
})

test('a wrong password is refused with one sentence; guessing is throttled', async ({ page }) => {
  await page.goto(`${baseUrl}/login`)
  for (let attempt = 0; attempt < 5; attempt++) {
    await submit(page, 'nobody', `guess ${attempt}`)
    await expect(
      page.getByRole('alert').filter({ hasText: 'The user name or the password is wrong.' }),
    ).toBeVisible()
    await page.goto(`${baseUrl}/login`)
  }
  await submit(page, 'nobody', 'guess 6')
  await expect(
    page.getByRole('alert').filter({ hasText: /Too many failed sign-ins\. Try again in \d+ minute/ }),
  ).toBeVisible()
})

test('an address can’t send people elsewhere after sign-in', async ({ page }) => {
  await page.goto(`${baseUrl}/login?next=//evil.example/`)
  await submit(page, username, password)
  await expect(page).toHaveURL(`${baseUrl}/`)
})

test('signing in and reading work without JavaScript', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false })
  const page = await context.newPage()
  await signIn(page)
  await expect(page.getByRole('link', { name: 'web', exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/\/login/)
  await context.close()
})

test('the cookie is HttpOnly and SameSite, and means nothing after sign-out', async ({ page, context }) => {
  await signIn(page)
  const cookie = (await context.cookies()).find((each) => each.name === 'keyframe-session')!
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', secure: false })
  const headers = { cookie: `${cookie.name}=${cookie.value}` }
  expect((await fetch(`${baseUrl}/`, { headers, redirect: 'manual' })).status).toBe(200)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/\/login/)
  expect((await fetch(`${baseUrl}/`, { headers, redirect: 'manual' })).status).toBe(307)
  expect((await fetch(`${baseUrl}/api/events`, { headers })).status).toBe(401)
})

test('the password can be changed, which signs out the other sessions; a revoked session’s stream ends', async ({
  browser,
}) => {
  const [one, two] = [
    await (await browser.newContext()).newPage(),
    await (await browser.newContext()).newPage(),
  ]
  await signIn(one, '/account')
  await signIn(two)
  const cookie = (await two.context().cookies()).find((each) => each.name === 'keyframe-session')!
  const stream = await fetch(`${baseUrl}/api/events`, {
    headers: { cookie: `${cookie.name}=${cookie.value}` },
  })
  expect(stream.headers.get('content-type')).toBe('text/event-stream')
  const ended = (async () => {
    for await (const chunk of stream.body!) void chunk
  })()
  const change = async (from: string, to: string) => {
    await one.getByLabel('Current password').fill(from)
    await one.getByLabel('New password').fill(to)
    await one.getByRole('button', { name: 'Change password' }).click()
  }
  await change('not it', 'another password')
  await expect(one.getByRole('alert').filter({ hasText: 'The current password is wrong.' })).toBeVisible()
  await change(password, 'short')
  await change(password, `${password}!`)
  await expect(one.getByRole('status').filter({ hasText: 'The password is changed.' })).toBeVisible()
  await expect(two).toHaveURL(/\/login/)
  await ended
  await change(`${password}!`, password)
  await expect(one.getByRole('status').filter({ hasText: 'The password is changed.' })).toBeVisible()
})

test('a form sent from another site does nothing; the same form sent from here does', async ({
  page,
  context,
}) => {
  await signIn(page)
  const cookie = (await context.cookies()).find((each) => each.name === 'keyframe-session')!
  const headers = { cookie: `${cookie.name}=${cookie.value}` }
  const status = async () => (await fetch(`${baseUrl}/`, { headers, redirect: 'manual' })).status
  // The form of Sign out, as a browser without JavaScript would send it.
  const form = (await (await fetch(`${baseUrl}/`, { headers })).text()).match(
    /<form[^>]*>(?:(?!<\/form>).)*Sign out/s,
  )![0]
  const send = (origin: string) => {
    const body = new FormData()
    for (const [, name] of form.matchAll(/name="(\$ACTION_[^"]+)"/g)) body.set(name!, '')
    expect([...body.keys()]).not.toEqual([])
    return fetch(`${baseUrl}/`, { method: 'POST', redirect: 'manual', body, headers: { ...headers, origin } })
  }
  for (const origin of [
    'https://evil.example',
    'null',
    baseUrl.replace('http:', 'https:').replace(/\d+$/, '1'),
  ]) {
    expect([origin, (await send(origin)).status >= 400]).toEqual([origin, true])
    expect(await status()).toBe(200)
  }
  expect((await send(baseUrl)).status).toBe(303)
  expect(await status()).toBe(307)
})
