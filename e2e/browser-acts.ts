import { expect, type Locator, type Page } from '@playwright/test'
import { vmPath } from '../components/paths.ts'
import { underTest } from './under-test.ts'

/** What people do in the browser, by the names that scripts and screen readers rely on. */

const JOB_LIMIT_MS = 60_000

/** Opens a page, signing in on the way when asked to. */
export async function open(page: Page, path: string): Promise<void> {
  const { baseUrl, username, password } = underTest()
  await page.goto(baseUrl + path)
  if (new URL(page.url()).pathname !== '/login') return
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL(baseUrl + path)
}

export async function openVm(page: Page, name: string): Promise<void> {
  await open(page, vmPath('lab', name))
  await expect(page.getByRole('heading', { level: 1, name, exact: true })).toBeVisible()
}

export const layers = (page: Page, target: string): Locator =>
  page.getByRole('list', { name: `Backing chain of ${target}` }).getByRole('listitem')

export const snapshotItem = (page: Page, name: string): Locator =>
  page
    .getByRole('list', { name: 'Snapshots' })
    .getByRole('listitem')
    .filter({ has: page.getByRole('link', { name, exact: true }) })

/** The dialog's job to its end; gives what it said, and fails when that is an error. */
async function endOf(dialog: Locator): Promise<string> {
  const outcome = dialog.getByRole('status').or(dialog.getByRole('alert')).last()
  await expect(dialog.getByRole('progressbar')).toHaveCount(0, { timeout: JOB_LIMIT_MS })
  const said = await outcome.innerText()
  expect(await dialog.getByRole('alert').count(), said).toBe(0)
  await dialog.getByRole('button', { name: 'Close' }).click()
  await expect(dialog).toBeHidden()
  return said
}

async function confirm(dialog: Locator, act: string): Promise<string> {
  await dialog.getByRole('button', { name: act, exact: true }).click()
  await expect(dialog.getByRole('button', { name: 'Close' })).toBeVisible()
  return endOf(dialog)
}

export async function takeSnapshot(
  page: Page,
  name: string,
  quiesce: 'auto' | 'required' | 'off' = 'auto',
): Promise<string> {
  await page.getByRole('button', { name: 'Take snapshot', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill(name)
  await dialog.getByLabel('Quiesce', { exact: true }).selectOption(quiesce)
  return confirm(dialog, 'Take snapshot')
}

/** Every disk as a whole, down into its base: what is proposed may be a pull, which keeps restore points and another file. */
export async function mergeAll(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Merge', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('radio', { checked: true }).first()).toBeVisible()
  for (const commit of await dialog.getByRole('radio', { name: /^Commit down/ }).all()) await commit.check()
  return confirm(dialog, 'Merge')
}

export async function revertTo(
  page: Page,
  snapshot: string,
  { safetySnapshot = false, stateAfter = 'as-it-was' } = {},
): Promise<string> {
  await snapshotItem(page, snapshot).getByRole('button', { name: 'Revert', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('checkbox', { name: /safety snapshot/ }).setChecked(safetySnapshot)
  await dialog.getByLabel('State after', { exact: true }).selectOption(stateAfter)
  return confirm(dialog, 'Revert')
}

export async function deleteSnapshot(page: Page, snapshot: string): Promise<string> {
  await snapshotItem(page, snapshot).getByRole('button', { name: 'Delete', exact: true }).click()
  return confirm(page.getByRole('dialog'), 'Delete')
}
