import { expect, test, type Page } from '@playwright/test'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { jobPagePath, sharesPath, snapshotPath } from '../components/paths.ts'
import { MARK, MARKED_FILE, markedRows } from '../lib/shares/testing/marked-job.ts'
import { open, openVm, takeSnapshot } from './browser-acts.ts'
import { guestWithOverlay } from './guest-with-overlay.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { allOf, expectNoLeak, freshPage, makeLink, openLink, secretsOf } from './share-acts.ts'
import { testLab, underTest } from './under-test.ts'

// A test that fails is followed by a new worker: it makes guests of its own.
const N = process.env.TEST_WORKER_INDEX
const [VM, OFF] = [`shown-${N}`, `shown-off-${N}`]
const SLOW_BYTES = 512 * 1024
const lab = testLab()
const main = (page: Page) => page.getByRole('main')

test.beforeAll(async () => {
  await guestWithOverlay(VM)
  await lab.defineGuest({ name: OFF, system: 'none' })
})
test.afterAll(async () => {
  await lab.virsh('destroy', VM)
})

test('a password is asked for, without JavaScript, and the page says nothing before', async ({
  page: owner,
  browser,
}) => {
  await openVm(owner, VM)
  const link = await makeLink(owner, { password: 'a shared secret' })
  const page = await freshPage(browser, { javaScriptEnabled: false })
  await page.goto(link)
  expect(await allOf(link)).not.toContain(VM)
  expect((await fetch(`${link}/events`)).status).toBe(401)
  await page.getByLabel('Password').fill('not the secret')
  await page.getByRole('button', { name: 'Open' }).click()
  await expect(page.getByRole('alert')).toHaveText('The password is wrong.')
  await page.getByLabel('Password').fill('a shared secret')
  await page.getByRole('button', { name: 'Open' }).click()
  await expect(page.getByRole('heading', { level: 1, name: VM })).toBeVisible()
  await expect(page).toHaveURL(link)
  const [cookie] = await page.context().cookies()
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: new URL(link).pathname })
  const withCookie = await fetch(`${link}/events`, {
    headers: { cookie: `${cookie!.name}=${cookie!.value}` },
  })
  expect(withCookie.status).toBe(200)
  await withCookie.body!.cancel()
  await open(owner, sharesPath())
  // Only the page's script counts: an image would count for whatever loads images, too.
  await expect(owner.getByRole('list', { name: 'Share links' }).getByRole('listitem').first()).toContainText(
    'never opened',
  )
  await page.context().close()
})

test('a renamed VM keeps its link; another of its old name is not shown; a VM that is removed is gone', async ({
  page: owner,
  browser,
}) => {
  await openVm(owner, OFF)
  const link = await makeLink(owner)
  const page = await freshPage(browser)
  await openLink(page, link)
  await lab.virsh('domrename', OFF, `${OFF}-renamed`)
  await expect(page.getByRole('heading', { level: 1, name: `${OFF}-renamed` })).toBeVisible()
  await lab.defineGuest({ name: OFF, system: 'none' })
  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: `${OFF}-renamed` })).toBeVisible()
  await lab.virsh('undefine', `${OFF}-renamed`)
  await expect(page.getByRole('heading', { level: 1, name: 'The VM is gone' })).toBeVisible()
  await page.context().close()
})

test('a snapshot’s link shows it alone, and no later one of its name', async ({ page: owner, browser }) => {
  await openVm(owner, VM)
  await takeSnapshot(owner, 'shown', 'off')
  await takeSnapshot(owner, 'sibling', 'off')
  await open(owner, snapshotPath('lab', VM, 'shown'))
  const link = await makeLink(owner)
  const page = await freshPage(browser)
  await openLink(page, link)
  await expect(page).toHaveTitle(`Snapshot shown of ${VM} · Keyframe`)
  await expect(main(page)).toContainText('What it froze')
  const all = await allOf(link)
  expectNoLeak(all, await secretsOf(VM))
  expect([all.includes('sibling'), all.includes('>s1<')]).toEqual([false, false])
  await lab.virsh('snapshot-delete', VM, 'sibling', '--metadata')
  await lab.virsh('snapshot-delete', VM, 'shown', '--metadata')
  await expect(page.getByRole('heading', { level: 1, name: 'The snapshot is gone' })).toBeVisible()
  const [disk] = /\/\S+/.exec(await lab.virsh('domblklist', VM))!
  await lab.virsh('snapshot-create-as', VM, 'shown', '--disk-only', '--diskspec', `vda,file=${disk}.again`)
  await page.reload()
  await expect(page.getByRole('heading', { level: 1, name: 'The snapshot is gone' })).toBeVisible()
  await page.context().close()
})

test('a failed job’s page says that it failed, and names no host, target, other VM, user or file', async ({
  page: owner,
  browser,
}) => {
  const rows = markedRows({ id: `marked-${N}`, kind: 'backup-copy', status: 'failed' })
  const database = new DatabaseSync(join(underTest().dataDir, 'keyframe.db'), { timeout: 5_000 })
  const insert = (table: string, row: Record<string, string | number | null>) =>
    Number(
      database
        .prepare(
          `INSERT INTO ${table} (${Object.keys(row)
            .map((key) => `"${key}"`)
            .join()}) VALUES (${Object.keys(row)
            .map(() => '?')
            .join()})`,
        )
        .run(...Object.values(row)).lastInsertRowid,
    )
  insert('jobs', rows.job)
  for (const { step, calls } of rows.steps) {
    const id = insert('job_steps', step)
    for (const call of calls) insert('job_calls', { ...call, step_id: id })
  }
  database.close()
  await open(owner, jobPagePath(rows.job.id))
  for (const [showPaths, options] of [
    [false, { viewport: { width: 1440, height: 900 }, colorScheme: 'light' }],
    [true, { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }],
  ] as const) {
    const link = await makeLink(owner, { showPaths })
    const page = await freshPage(browser, options)
    await openLink(page, link)
    await expect(page.getByRole('alert').filter({ hasText: 'failed' })).toHaveText(
      'The backup failed. Who shared this can see why in Keyframe.',
    )
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Backup by copy')
    await expect(page.getByRole('region', { name: 'Steps' }).getByRole('listitem')).toHaveCount(
      rows.steps.length,
    )
    await expectAccessible(page)
    await expectNoSideways(page)
    if (process.env.KEYFRAME_SHOTS)
      await page.screenshot({
        path: `${process.env.KEYFRAME_SHOTS}/share-failed-job-${options.viewport.width}.png`,
      })
    const all = await allOf(link)
    for (const mark of Object.values(MARK)) expect([mark, all.includes(mark)]).toEqual([mark, false])
    if (!showPaths)
      for (const part of MARKED_FILE.split(/[ /]/).filter(Boolean))
        expect([part, all.includes(part)]).toEqual([part, false])
    await page.context().close()
  }
})

for (const [name, options] of [
  ['at 1440 px, light', { viewport: { width: 1440, height: 900 }, colorScheme: 'light' }],
  ['at 390 px, dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }],
] as const) {
  test(`${name}: nothing serious for axe, nothing sideways`, async ({ browser }) => {
    const page = await freshPage(browser, options)
    const check = async (what: string) => {
      await expectAccessible(page)
      await expectNoSideways(page)
      if (process.env.KEYFRAME_SHOTS)
        await page.screenshot({
          path: `${process.env.KEYFRAME_SHOTS}/share-${what}-${options.viewport.width}.png`,
          fullPage: what !== 'dialog' && what !== 'made',
        })
    }
    await lab.virsh('blockcommit', VM, 'vda', '--active', '--bandwidth', String(SLOW_BYTES), '--bytes')
    await openVm(page, VM)
    const locked = await makeLink(page, { password: 'a shared secret' })
    await page.getByRole('button', { name: 'Share', exact: true }).click()
    await expect(page.getByRole('list', { name: 'Links to it that work' })).toBeVisible()
    await check('dialog')
    await page.getByRole('dialog').getByRole('button', { name: 'Make link' }).click()
    await expect(page.getByRole('img', { name: 'The link as a QR code' })).toBeVisible()
    await check('made')
    const link = await page.getByLabel('Share link').inputValue()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await open(page, sharesPath())
    await check('list')
    for (const [what, address] of [
      ['vm', link],
      ['locked', locked],
      ['dead', `${link}x`],
    ] as const) {
      await page.goto(address)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await check(what)
    }
    await lab.virsh('blockjob', VM, 'vda', '--abort')
    await page.context().close()
  })
}
