import { expect, type Locator, type Page } from '@playwright/test'
import { backupsPath, vmBackupsPath } from '../components/paths.ts'
import { open } from './browser-acts.ts'

/** The acts of backups as people do them in the browser, by the names that scripts and screen readers rely on. */

const JOB_LIMIT_MS = 60_000

export const openBackups = (page: Page, vm: string): Promise<void> => open(page, vmBackupsPath('lab', vm))

/** A VM's backups in one target, the newest first. */
export const backupsOn = (page: Page, target: string): Locator =>
  page
    .getByRole('list', { name: `Backups on ${target}` })
    .getByRole('listitem')
    .filter({ has: page.getByRole('button', { name: 'Check' }) })

/** Its directory's name. */
export const idOf = async (backup: Locator): Promise<string> =>
  (await backup.locator('details li').first().textContent())!

/** Whether the VM is protected, the one answer. */
export const answerOf = (page: Page): Locator =>
  page.getByRole('status').filter({ hasText: /^(Protected|At risk|Not protected)\./ })

/** Presses the dialog's act. */
export const press = (dialog: Locator, act: string): Promise<void> =>
  dialog.getByRole('button', { name: act, exact: true }).click()

/** The dialog's job, begun already, to its end; gives what it said, failed or not. */
export async function endOf(dialog: Locator): Promise<string> {
  await expect(dialog.getByRole('button', { name: 'Close', exact: true })).toBeVisible()
  await expect(dialog.getByRole('progressbar')).toHaveCount(0, { timeout: JOB_LIMIT_MS })
  const said = await dialog.getByRole('status').or(dialog.getByRole('alert')).last().innerText()
  await press(dialog, 'Close')
  await expect(dialog).toBeHidden()
  return said
}

/** The dialog's act to the end of its job; gives what it said. */
export async function confirm(dialog: Locator, act: string): Promise<string> {
  await press(dialog, act)
  return endOf(dialog)
}

export async function addTarget(page: Page, name: string, place: string): Promise<void> {
  await open(page, backupsPath())
  await page.getByRole('button', { name: 'Add target' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill(name)
  await dialog.getByLabel('Directory or pool').fill(place)
  await press(dialog, 'Add target')
  await expect(dialog).toBeHidden()
}

/** Fills the form of a backup; the dialog, for its act to be pressed. */
export async function planBackup(
  page: Page,
  target: string,
  { method, limitMiB }: { method?: 'incremental' | 'copy'; limitMiB?: number } = {},
): Promise<Locator> {
  await page.getByRole('button', { name: 'Back up now', exact: true }).first().click()
  const dialog = page.getByRole('dialog')
  // One that is away says so behind its name.
  const option = dialog.getByLabel('Target', { exact: true }).getByRole('option').filter({ hasText: target })
  await dialog.getByLabel('Target', { exact: true }).selectOption((await option.getAttribute('value'))!)
  if (method) await dialog.getByLabel('Method', { exact: true }).selectOption(method)
  if (limitMiB !== undefined) await dialog.getByLabel('Limit, MiB/s').fill(String(limitMiB))
  return dialog
}

/** Backs the VM of the page up; gives what the job said. */
export const backUpNow = async (
  page: Page,
  target: string,
  how: Parameters<typeof planBackup>[2] = {},
): Promise<string> => confirm(await planBackup(page, target, how), 'Back up now')

export async function saveSchedule(page: Page, target: string, minutes: number): Promise<void> {
  await page
    .getByRole('region', { name: 'Schedules' })
    .getByRole('button', { name: 'Schedule', exact: true })
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Target', { exact: true }).selectOption({ label: target })
  await dialog.getByLabel('Runs', { exact: true }).selectOption('interval')
  await dialog.getByLabel('Minutes between runs').fill(String(minutes))
  await expect(dialog.getByRole('list', { name: 'Next runs' }).getByRole('listitem')).toHaveCount(5)
  await press(dialog, 'Save schedule')
  await expect(dialog).toBeHidden()
}

/** The only one there is. */
export async function removeSchedule(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Remove schedule', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await press(dialog, 'Remove schedule')
  await expect(dialog).toBeHidden()
}

/** Restores a backup of the page as a new VM, which stays off. */
export async function restoreAsNew(page: Page, backup: Locator, name: string): Promise<string> {
  await backup.getByRole('button', { name: 'Restore as new VM' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name of the new VM').fill(name)
  return confirm(dialog, 'Restore as new VM')
}
