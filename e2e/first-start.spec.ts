import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { appUrl, endApp, freePort, spawnApp, waitForApp } from '../lib/testing/app-process.ts'
import { type ProcessMark } from '../lib/testing/lab/processes.ts'
import { waitUntil } from '../lib/testing/lab/wait-until.ts'
import { TEST_DIST } from './app/test-app.ts'
import { testLab } from './under-test.ts'

// Without KEYFRAME_ADMIN_PASSWORD there is no default password anywhere: the first start prints a link that works once.

const PASSWORD = 'chosen at the first start'
let dir: string
let log: string
let port: number
let app: ProcessMark | undefined

async function start(): Promise<void> {
  app = spawnApp({
    distName: TEST_DIST,
    port,
    libvirtUri: `lab=${testLab().uri}`,
    dataDir: join(dir, 'data'),
    adminPassword: '',
    log,
  })
  await waitForApp(app, port, log)
}

test.beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kf-first-'))
  log = join(dir, 'app.log')
  mkdirSync(join(dir, 'data'), { mode: 0o700 })
  port = await freePort()
  await start()
})
test.afterAll(async () => {
  if (app) await endApp(app)
  rmSync(dir, { recursive: true, force: true })
})

test('the first start prints a link that makes the first admin, once, also without JavaScript', async ({
  browser,
}) => {
  const link = await waitUntil(() => /http:\S+\/setup\/\S+/.exec(readFileSync(log, 'utf8'))?.[0], {
    limitMs: 10_000,
    what: 'The set-up link in the log',
  })
  expect(link.startsWith(`${appUrl(port)}/setup/`)).toBe(true)
  const context = await browser.newContext({ javaScriptEnabled: false })
  const page = await context.newPage()

  await page.goto(`${appUrl(port)}/setup/guessed`)
  await expect(page.getByRole('alert')).toContainText('used already or is too old')
  await page.goto(link)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Set password' }).click()
  await expect(page.getByRole('link', { name: 'web', exact: true })).toBeVisible()

  await page.goto(link)
  await expect(page.getByRole('alert')).toContainText('used already or is too old')
  await expect(page.getByLabel('Password')).toHaveCount(0)
  await context.close()
})

test('the next start prints no link, and the password that was chosen signs in', async ({ page }) => {
  const links = () => readFileSync(log, 'utf8').match(/\/setup\//g)!.length
  const before = links()
  await endApp(app!)
  await start()
  await page.goto(`${appUrl(port)}/login`)
  await page.getByLabel('Username').fill('admin')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
  expect(links()).toBe(before)
})
