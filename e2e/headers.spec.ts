import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { hash } from '@node-rs/argon2'
import { expect, test, type Page } from '@playwright/test'
import {
  auditPath,
  backupsPath,
  hostCheckPath,
  jobsPath,
  sharesPath,
  snapshotPath,
  usersPath,
  vmBackupsPath,
  vmCheckPath,
  vmPath,
} from '../components/paths.ts'
import { open, openVm, takeSnapshot } from './browser-acts.ts'
import { routes } from './build-routes.ts'
import { guestWithOverlay } from './guest-with-overlay.ts'
import { appUrl, endApp, freePort, spawnApp, waitForApp } from '../lib/testing/app-process.ts'
import { freshPage, makeLink } from './share-acts.ts'
import { invite } from './team-acts.ts'
import { TEST_DIST } from './app/test-app.ts'
import { testLab, underTest } from './under-test.ts'

// What each answer says to browsers: which scripts run, who may frame it, who may keep it.

const VM = `headers-${process.env.TEST_WORKER_INDEX}`
const lab = testLab()
const { baseUrl } = underTest()

/** Violations that the browser reported, by page. */
async function watchPolicy(page: Page): Promise<string[]> {
  const found: string[] = []
  await page.exposeFunction('policyBroken', (words: string) => found.push(words))
  await page.addInitScript(() =>
    addEventListener('securitypolicyviolation', (event) => {
      ;(globalThis as unknown as { policyBroken: (words: string) => void }).policyBroken(
        `${location.pathname}: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
      )
    }),
  )
  page.on('console', (message) => {
    if (/Content.Security.Policy|Permissions-Policy|Unrecognized feature/i.test(message.text()))
      found.push(`${page.url()}: ${message.text()}`)
  })
  return found
}

function expectPolicy(address: string, headers: Record<string, string>): string {
  const policy = headers['content-security-policy'] ?? ''
  const nonce = /'nonce-([^']{22,})'/.exec(policy)?.[1]
  expect([address, policy]).toEqual([
    address,
    `default-src 'none'; script-src 'self' 'nonce-${nonce}' 'strict-dynamic'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'`,
  ])
  expect([address, headers]).toEqual([
    address,
    expect.objectContaining({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
      'x-content-type-options': 'nosniff',
      'cache-control': expect.stringContaining('no-store'),
    }),
  ])
  return nonce!
}

test.beforeAll(async () => {
  await guestWithOverlay(VM)
})
test.afterAll(async () => {
  await lab.virsh('destroy', VM)
})

test('every page has its policy, and works under it', async ({ page, browser }) => {
  const found = await watchPolicy(page)
  const nonces = new Set<string>()
  const visit = async (own: Page, address: string) => {
    nonces.add(expectPolicy(address, (await own.goto(address))!.headers()))
    await expect(own.getByRole('heading', { level: 1 }).first()).toBeVisible()
  }
  await visit(page, `${baseUrl}/login`)
  await openVm(page, VM)
  // Dialogs bring their styles with them.
  await takeSnapshot(page, 'policy', 'off')
  const link = await makeLink(page, { password: 'a shared secret' })
  const setup = await invite(page, `invited-${VM}`, 'viewer')
  const pages = [
    '/',
    vmPath('lab', VM),
    vmBackupsPath('lab', VM),
    vmCheckPath('lab', VM),
    snapshotPath('lab', VM, 'policy'),
    hostCheckPath('lab'),
    jobsPath(),
    backupsPath(),
    sharesPath(),
    usersPath(),
    auditPath(),
    '/account',
    '/notifications',
    '/nothing/here',
    '/jobs/none',
  ]
  for (const path of pages) await visit(page, baseUrl + path)
  await page.getByRole('link', { name: 'Backups', exact: true }).first().click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Backups')
  const stranger = await freshPage(browser)
  const foundByStranger = await watchPolicy(stranger)
  for (const address of [setup, link, `${link}x`]) await visit(stranger, address)
  await stranger.goto(link)
  await stranger.getByLabel('Password').fill('a shared secret')
  await stranger.getByRole('button', { name: 'Open' }).click()
  await expect(stranger.getByRole('heading', { level: 1, name: VM })).toBeVisible()
  await stranger.context().close()
  expect([...found, ...foundByStranger]).toEqual([])
  expect(nonces.size, 'each answer has a nonce of its own').toBe(1 + pages.length + 3)
})

test('a script that was injected does not run, in a page or as an attribute', async ({ page }) => {
  await open(page, '/')
  const found = await watchPolicy(page)
  await page.route(`${baseUrl}/jobs`, async (route) => {
    const response = await route.fetch()
    const text = (await response.text()).replace(
      /<body[^>]*>/,
      (body) =>
        `${body}<script>window.injected = 'script'</script><script src="data:text/javascript,window.injected='data'"></script><img src="/none.png" alt="" onerror="window.injected = 'attribute'">`,
    )
    await route.fulfill({ response, body: text })
  })
  await page.goto(`${baseUrl}/jobs`)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect
    .poll(() => found.filter((line) => line.startsWith('/jobs: script-src')).length)
    .toBeGreaterThanOrEqual(3)
  expect(await page.evaluate(() => (globalThis as unknown as { injected?: string }).injected)).toBeUndefined()
})

test.describe('with its service worker', () => {
  test.use({ serviceWorkers: 'allow' })

  test('pages that were kept, and the one for what was not, break no policy', async ({ page, context }) => {
    const found = await watchPolicy(page)
    await open(page, backupsPath())
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
    await expect
      .poll(() =>
        page.evaluate(
          async () =>
            (await caches.has('keyframe-pages')) &&
            (await (await caches.open('keyframe-pages')).keys()).length,
        ),
      )
      .toBeGreaterThan(0)
    await context.setOffline(true)
    await page.goto(baseUrl + backupsPath())
    await expect(page.getByRole('status').first()).toContainText('Keyframe can’t be reached')
    await page.goto(baseUrl + jobsPath())
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Keyframe can’t be reached')
    await context.setOffline(false)
    expect(found).toEqual([])
  })
})

test('no answer of any route may be kept, whoever asks and however', async ({ page }) => {
  await open(page, '/')
  const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
  // Icons and the manifest are the same for everybody, and hold nothing.
  const all = [
    ...routes(),
    '/nothing/here',
    '/api/nothing',
    '/api/hosts/lab/restore-places',
    vmPath('lab', VM),
    `/api${vmPath('lab', VM)}/snapshot-form`,
  ].filter((route) => !/\.(png|svg|webmanifest)$/.test(route))
  expect(all.length).toBeGreaterThan(30)
  const answers: [string, string][] = []
  for (const route of all)
    for (const method of ['GET', 'POST', 'HEAD'])
      for (const headers of [{}, { cookie }, { cookie, rsc: '1' }]) {
        const response = await fetch(baseUrl + route, {
          method,
          redirect: 'manual',
          headers: headers as Record<string, string>,
        })
        answers.push([
          `${method} ${route} ${JSON.stringify(Object.keys(headers))} ${response.status}`,
          response.headers.get('cache-control') ?? '',
        ])
        await response.body?.cancel()
      }
  expect(answers.filter(([, control]) => !/\bno-store\b/.test(control))).toEqual([])
})

test('the image optimiser is not there, and files of the build run nothing', async () => {
  const query = '?url=%2Ficons%2F512.png&w=3840&q=75'
  for (const [path, status] of [
    [`/_next/image${query}`, 404],
    ['/_next/image', 404],
    ['/_next/image?url=http%3A%2F%2F127.0.0.1%2Fx.png&w=64&q=75', 404],
    [`/_next/%69mage${query}`, 307],
    [`/_next/image/${query}`, 308],
    [`//_next/image${query}`, 308],
  ] as const) {
    const response = await fetch(baseUrl + path, { redirect: 'manual' })
    expect([path, response.status]).toEqual([path, status])
    expect(response.headers.get('content-type') ?? '').not.toMatch(/^image/)
    await response.body?.cancel()
  }
  const script = /\/_next\/static\/[^"]+\.js/.exec(await (await fetch(`${baseUrl}/login`)).text())![0]
  const file = await fetch(baseUrl + script)
  expect([
    file.status,
    file.headers.get('content-security-policy'),
    file.headers.get('cross-origin-resource-policy'),
  ]).toEqual([
    200,
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    'same-origin',
  ])
  await file.body?.cancel()
  const plain = await fetch(`${baseUrl}/login`)
  expect(plain.headers.get('strict-transport-security')).toBeNull()
  await plain.body?.cancel()
})

test('reached over https: browsers remember it, and the cookie of a share’s password is for TLS alone', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kf-https-'))
  const [port, log, dataDir, token] = [
    await freePort(),
    join(dir, 'app.log'),
    join(dir, 'data'),
    'a'.repeat(32),
  ]
  mkdirSync(dataDir, { mode: 0o700 })
  const app = spawnApp({
    distName: TEST_DIST,
    port,
    libvirtUri: `lab=${lab.uri}`,
    dataDir,
    adminPassword: 'correct horse battery',
    log,
    env: {
      NODE_ENV: 'production',
      KEYFRAME_URL: 'https://keyframe.example',
      KEYFRAME_HSTS_SUBDOMAINS: 'yes',
    },
  })
  try {
    await waitForApp(app, port, log)
    for (const path of ['/login', '/', '/api/health', '/s/x']) {
      const response = await fetch(appUrl(port) + path, { redirect: 'manual' })
      expect([path, response.headers.get('strict-transport-security')]).toEqual([
        path,
        'max-age=31536000; includeSubDomains',
      ])
      await response.body?.cancel()
    }
    const database = new DatabaseSync(join(dataDir, 'keyframe.db'), { timeout: 5_000 })
    database
      .prepare(
        `INSERT INTO shares (id, token_hash, kind, host, vm_uuid, label, show_paths, password_hash, created_by, created_at_ms, expires_at_ms, opened_count) VALUES ('s', ?, 'vm', 'lab', 'u', 'x', 0, ?, 'admin', ?, ?, 0)`,
      )
      .run(
        createHash('sha256').update(token).digest('hex'),
        await hash('a shared secret'),
        Date.now(),
        Date.now() + 3_600_000,
      )
    database.close()
    const answer = await fetch(`${appUrl(port)}/s/${token}/unlock`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'password=a+shared+secret',
    })
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^__Secure-keyframe-share=/)
    expect(cookie).toMatch(/; Secure/i)
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${appUrl(port)}/s/${token}`, { headers })).text()
    expect(await ask({ cookie: cookie.split(';')[0]! })).toContain('The VM is gone')
    expect(await ask({ cookie: cookie.split(';')[0]!.replace('__Secure-', '') })).toContain(
      'This link has a password',
    )
  } finally {
    await endApp(app)
    rmSync(dir, { recursive: true, force: true })
  }
})
