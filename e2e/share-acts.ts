import { expect, type Browser, type Page } from '@playwright/test'
import { basename, dirname } from 'node:path'
import { testLab } from './under-test.ts'

/** What who shares something does in the browser. */

interface Wishes {
  lifetime?: '1h' | '1d' | '7d' | '30d'
  password?: string
  showPaths?: boolean
}

/** On the page of a VM, a snapshot or a job: makes a link, which the dialog shows once. */
export async function makeLink(page: Page, { lifetime, password, showPaths }: Wishes = {}): Promise<string> {
  await page.getByRole('button', { name: 'Share', exact: true }).click()
  const dialog = page.getByRole('dialog')
  if (lifetime) await dialog.getByLabel('Works for').selectOption(lifetime)
  if (password) await dialog.getByLabel('Password').fill(password)
  if (showPaths) await dialog.getByLabel('Show file paths').check()
  await dialog.getByRole('button', { name: 'Make link' }).click()
  const link = await dialog.getByLabel('Share link').inputValue()
  await dialog.getByRole('button', { name: 'Close' }).click()
  return link
}

/** A browser that was never here. */
export async function freshPage(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Page> {
  return (await browser.newContext(options)).newPage()
}

/** Opens a link with its event stream. */
export async function openLink(page: Page, link: string): Promise<void> {
  const stream = page.waitForResponse((response) => response.url().startsWith(`${link}/events`))
  expect((await page.goto(link))!.status()).toBe(200)
  await stream
}

/** All that a link gives away: its page as HTML and as what Next's own script reads. */
export async function allOf(link: string): Promise<string> {
  const texts = await Promise.all(
    [new Headers(), new Headers({ rsc: '1' })].map(async (headers) =>
      (await fetch(link, { headers })).text(),
    ),
  )
  return texts.join('\n')
}

/** Names of the VM's files and of their folder: what a link must not tell. */
export async function secretsOf(vm: string): Promise<string[]> {
  const lab = testLab()
  const xml =
    (await lab.virsh('dumpxml', vm)) + (await lab.virsh('snapshot-dumpxml', vm, 's1').catch(() => ''))
  const paths = [
    ...new Set(
      [...xml.matchAll(/(?:file|dev)='(\/[^']+)'/g)]
        .map(([, path]) => path!)
        .filter((path) => path.includes('/kf-test-')),
    ),
  ]
  expect(paths.length).toBeGreaterThan(0)
  return [...new Set(paths.flatMap((path) => [dirname(path), basename(path)]))]
}

/** Neither these, nor a folder of the lab, its libvirt, or a way into the app. */
export function expectNoLeak(text: string, secrets: string[]): void {
  for (const secret of [...secrets, '/kf-test-', 'qemu://', '/hosts/'])
    expect([secret, text.includes(secret)]).toEqual([secret, false])
}
