import { expect, type Page } from '@playwright/test'
import { usersPath } from '../components/paths.ts'
import { open } from './browser-acts.ts'
import { underTest } from './under-test.ts'

/** What an admin and the people of a team do in the browser. */

export const PASSWORD = 'chosen by oneself'

/** The admin's form; gives the link that it shows. */
export async function invite(page: Page, name: string, role: string): Promise<string> {
  await open(page, usersPath())
  const form = page.getByRole('region', { name: 'Invite a user' })
  await form.getByLabel('User name').fill(name)
  await form.getByLabel('Role').selectOption(role)
  await form.getByRole('button', { name: 'Invite' }).click()
  return form.getByLabel(`One-time link for ${name}`).inputValue()
}

export async function choosePassword(page: Page, link: string): Promise<void> {
  await page.goto(link)
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Set password' }).click()
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
}

export async function signIn(page: Page, name: string, password: string): Promise<void> {
  await page.goto(`${underTest().baseUrl}/login`)
  await page.getByLabel('Username').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

export const userItem = (page: Page, name: string) =>
  page
    .getByRole('list', { name: 'Users' })
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name, exact: false }) })
/** Opens what an admin can do with a user. */
export async function manage(page: Page, name: string) {
  await open(page, usersPath())
  await page.getByText(`Manage ${name}`).click()
  return userItem(page, name)
}

export async function changeRole(admin: Page, name: string, role: string): Promise<number> {
  const item = await manage(admin, name)
  await item.getByLabel(`Role of ${name}`).selectOption(role)
  const atMs = Date.now()
  await item.getByRole('button', { name: `Change role of ${name}` }).click()
  await expect(item.getByRole('status').filter({ hasText: 'is changed' })).toBeVisible()
  return atMs
}

/** When the page next has, or has not, a button of this name, by its own clock. */
export const buttonAt = (page: Page, name: string, there: boolean) =>
  page.evaluate(
    ([label, wanted]) =>
      new Promise<number>((resolve) => {
        const look = () => {
          if (
            [...document.querySelectorAll('button')].some((button) => button.textContent === label) !== wanted
          )
            return
          observer.disconnect()
          resolve(Date.now())
        }
        const observer = new MutationObserver(look)
        observer.observe(document.body, { childList: true, subtree: true })
        look()
      }),
    [name, there] as const,
  )

export const cookieOf = async (page: Page) =>
  (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')

/** Opens a VM's page as whoever is signed in, with its event stream. */
export async function openLive(page: Page, path: string): Promise<void> {
  const stream = page.waitForResponse(
    (response) => new URL(response.url()).pathname === '/api/events' && response.url().includes('watch='),
  )
  await page.goto(underTest().baseUrl + path)
  await stream
}
