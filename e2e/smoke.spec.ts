import { expect, test } from '@playwright/test'
import { testLab, underTest } from './under-test.ts'

test('the production build answers with its sign-in page', async ({ page }) => {
  const { baseUrl } = underTest()
  const response = await page.goto(`${baseUrl}/login`)
  expect(response?.status()).toBe(200)
})

test('the lab under test runs its two guests', async () => {
  // Other specs define guests of their own beside them.
  expect((await testLab().virsh('list', '--name')).trim().split('\n')).toEqual(expect.arrayContaining(['db', 'web']))
})
