import { expect, test } from '@playwright/test'
import { testLab, underTest } from './under-test.ts'

test('the production build answers with its sign-in page', async ({ page }) => {
  const { baseUrl } = underTest()
  const response = await page.goto(`${baseUrl}/login`)
  expect(response?.status()).toBe(200)
})

test('the lab under test runs its two guests', async () => {
  // Other specs define guests of their own beside them.
  expect((await testLab().virsh('list', '--name')).trim().split('\n')).toEqual(
    expect.arrayContaining(['db', 'web']),
  )
})

test('a monitor asks how Keyframe is without signing in, and learns nothing that is secret', async () => {
  const response = await fetch(`${underTest().baseUrl}/api/health`)
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
  const { status, ...parts } = (await response.json()) as Record<string, string>
  expect(['ok', 'attention']).toContain(status)
  expect(Object.keys(parts)).toEqual(['database', 'hosts', 'backups'])
  expect(parts).toMatchObject({ database: 'ok', hosts: 'up' })
})

test('a phone finds what it needs to install Keyframe, without signing in', async ({ page }) => {
  const { baseUrl } = underTest()
  await page.goto(`${baseUrl}/login`)
  const address = await page.locator('link[rel=manifest]').getAttribute('href')
  const manifest = (await (await fetch(new URL(address!, baseUrl), { redirect: 'error' })).json()) as {
    display: string
    start_url: string
    icons: { src: string }[]
  }
  expect(manifest).toMatchObject({ display: 'standalone', start_url: '/backups' })
  expect(
    (await fetch(new URL(manifest.icons[0]!.src, baseUrl), { redirect: 'error' })).headers.get(
      'content-type',
    ),
  ).toContain('image/svg+xml')
})
