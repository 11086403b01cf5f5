import { expect, test, type Browser, type Page } from '@playwright/test'
import { auditPath, usersPath } from '../components/paths.ts'
import { cookiesOf, readSignInForm } from './http-sign-in.ts'
import { open } from './browser-acts.ts'
import { choosePassword, invite, manage, PASSWORD, signIn } from './team-acts.ts'
import { underTest } from './under-test.ts'

// A test that fails is followed by a new worker: it makes a user of its own.
const N = process.env.TEST_WORKER_INDEX
const USER = `lou-${N}`
const { baseUrl } = underTest()
/** Every address of 127.0.0.0/8 is this machine's: guesses from these are from elsewhere than the browsers of the tests. */
const elsewhere = (index: number) => `127.0.1.${index + 1}`
const GUESSERS = 11
const FROM_EACH = 5
/** Of a try past the limit of a name, which is the third or so of them here. */
const WAIT_LIMIT_MS = 20_000

async function newPage(browser: Browser): Promise<Page> {
  return (await browser.newContext()).newPage()
}
const signOut = (page: Page) => page.getByRole('button', { name: 'Sign out' })

test('guessing elsewhere keeps no browser out that was here before, and a new one only waits', async ({
  browser,
  page: admin,
}) => {
  const known = await newPage(browser)
  await choosePassword(known, await invite(admin, USER, 'viewer'))
  await signOut(known).click()
  await expect(known).toHaveURL(`${baseUrl}/login`)

  const guess = await readSignInForm(baseUrl)
  const places = Array.from({ length: GUESSERS }, (_, index) => elsewhere(index))
  const answers = await Promise.all(
    places.map(async (localAddress) => {
      const codes = []
      for (let time = 0; time < FROM_EACH; time++)
        codes.push(
          new URL(
            (await guess(USER, `guess ${time}`, { localAddress })).headers.location ?? '',
            baseUrl,
          ).searchParams.get('error'),
        )
      return codes
    }),
  )
  expect(answers.flat().every((code) => code === 'wrong')).toBe(true)
  // Each guesser is kept out now, with the right password, too, and nobody else.
  const location = async (secret: string, localAddress: string) =>
    (await guess(USER, secret, { localAddress })).headers.location
  expect(await location(PASSWORD, elsewhere(0))).toBe('/login?error=wait-5')

  const begunAtMs = Date.now()
  await signIn(known, USER, PASSWORD)
  await expect(signOut(known)).toBeVisible()
  expect(Date.now() - begunAtMs).toBeLessThan(5_000)
  // The cookie by which it is known is no session, and no script reads it.
  const cookies = await known.context().cookies()
  expect(
    cookies.map(({ name, httpOnly, sameSite, path }) => [name, httpOnly, sameSite, path]).sort(),
  ).toEqual([
    ['keyframe-device', true, 'Lax', '/'],
    ['keyframe-session', true, 'Lax', '/'],
  ])

  const fresh = await newPage(browser)
  await signIn(fresh, USER, PASSWORD)
  await expect(signOut(fresh)).toBeVisible({ timeout: WAIT_LIMIT_MS })

  await open(admin, auditPath({ person: USER, result: 'refused' }))
  const records = admin.getByRole('list', { name: 'Records' })
  await expect(records).toContainText('50 failed sign-ins with this name in 5 minutes')
  await expect(records).toContainText('Too many failed sign-ins. Try again in 5 minutes.')
  for (const page of [known, fresh]) await page.context().close()
})

test('a browser is known no more when the password was ended', async ({ browser, page: admin }) => {
  const user = `ida-${N}`
  const known = await newPage(browser)
  await choosePassword(known, await invite(admin, user, 'viewer'))
  const item = await manage(admin, user)
  await item.getByLabel('End the old password now').check()
  await item.getByRole('button', { name: `New one-time link for ${user}` }).click()
  const link = await item.getByLabel(`One-time link for ${user}`).inputValue()
  await expect(item).toContainText('no password: only the one-time link leads in')
  await expect(known).toHaveURL(/\/login/)
  await signIn(known, user, PASSWORD)
  await expect(
    known.getByRole('alert').filter({ hasText: 'The user name or the password is wrong.' }),
  ).toBeVisible()
  await choosePassword(known, link)
  await open(admin, usersPath())
  await expect(
    admin.getByRole('list', { name: 'Users' }).getByRole('listitem').filter({ hasText: user }).first(),
  ).toContainText('active')
  await known.context().close()
})

test('another way out of this site after sign-in leads to its start', async ({ browser }) => {
  for (const next of [
    '/.//evil.example/x',
    '/..//evil.example/x',
    '/x/..//evil.example/x',
    '/%2e//evil.example/x',
    '//evil.example',
    '/\\evil.example',
  ]) {
    const page = await newPage(browser)
    const left: string[] = []
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== baseUrl) left.push(request.url())
    })
    await page.goto(`${baseUrl}/login?${new URLSearchParams({ next })}`)
    await page.getByLabel('Username').fill(underTest().username)
    await page.getByLabel('Password').fill(underTest().password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(signOut(page)).toBeVisible()
    expect([next, page.url(), left]).toEqual([next, `${baseUrl}/`, []])
    await page.context().close()
  }
})

test('the form works without a script, and a guesser’s answers set no cookie', async () => {
  const guess = await readSignInForm(baseUrl)
  const wrong = await guess('nobody-here', 'x', { localAddress: elsewhere(50) })
  expect([wrong.status, wrong.headers.location, wrong.headers['set-cookie']]).toEqual([
    303,
    '/login?error=wrong',
    undefined,
  ])
  const right = await guess(underTest().username, underTest().password, { localAddress: elsewhere(50) })
  expect([right.status, new URL(right.headers.location ?? '', baseUrl).pathname]).toEqual([303, '/'])
  expect(cookiesOf(right)).toMatch(/keyframe-session=.+; keyframe-device=/)
})
