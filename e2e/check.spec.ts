import { existsSync, readFileSync } from 'node:fs'
import { open as openFile, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { hostCheckPath, vmCheckPath } from '../components/paths.ts'
import { open, openVm } from './browser-acts.ts'
import { patternAt } from '../lib/testing/image-bytes.ts'
import { run } from '../lib/testing/lab/run-command.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { testLab } from './under-test.ts'

// A test that fails is followed by a new worker: it makes a guest of its own.
const VM = `check-${process.env.TEST_WORKER_INDEX}`
const MIB = 1024 * 1024
const lab = testLab()
const path = (file: string) => join(lab.imagesDir, file)
const lost = path(`${VM}-vda.before the upgrade`)
const stray = path(`stray-${process.env.TEST_WORKER_INDEX}.qcow2`)
const LOOKS = [
  { name: 'at 1440 px, light', options: { viewport: { width: 1440, height: 900 }, colorScheme: 'light' } },
  { name: 'at 390 px, dark', options: { viewport: { width: 390, height: 844 }, colorScheme: 'dark' } },
] as const

/** An overlay that nothing uses and that is old enough to count. */
async function orphan(file: string, backing: string, pattern: number): Promise<void> {
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', backing, '-F', 'qcow2', file])
  await run('qemu-io', ['-c', `write -P ${pattern} 0 1M`, file])
  lab.user.own(file)
  const anHourAgo = new Date(Date.now() - 3_600_000)
  await utimes(file, anHourAgo, anHourAgo)
}

test.beforeAll(async () => {
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', path(`${VM}-base.qcow2`), String(8 * MIB)])
  lab.user.own(path(`${VM}-base.qcow2`))
  await lab.defineGuest({ name: VM, system: 'none', disks: [{ format: 'qcow2', virtualBytes: 8 * MIB }] })
  await orphan(lost, lab.guests[VM]!.disks[0]!.path, 0x33)
  await orphan(stray, path(`${VM}-base.qcow2`), 0x44)
})

const item = (page: Page, text: string) =>
  page
    .getByRole('listitem')
    .filter({ has: page.getByText(text) })
    .filter({ has: page.getByRole('button') })

for (const { name, options } of LOOKS) {
  test.describe(name, () => {
    test.use(options)

    test('the check pages and a repair’s dialog: nothing serious for axe, nothing sideways', async ({
      page,
    }) => {
      for (const [where, subject] of [
        [hostCheckPath('lab'), 'lab'],
        [vmCheckPath('lab', VM), VM],
      ] as const) {
        await open(page, where)
        await expect(
          page.getByRole('heading', { level: 1, name: `Check & repair ${subject}`, exact: true }),
        ).toBeVisible()
        await expectAccessible(page)
        await expectNoSideways(page)
      }
      await item(page, 'before the upgrade').getByRole('button', { name: 'Remove file', exact: true }).click()
      await expect(
        page.getByRole('dialog').getByRole('button', { name: 'Remove file', exact: true }),
      ).toBeDisabled()
      await expectAccessible(page)
      await expectNoSideways(page)
      if (process.env.KEYFRAME_SHOTS)
        await page.screenshot({ path: `${process.env.KEYFRAME_SHOTS}/dialog-${options.viewport.width}.png` })
      await page.getByRole('dialog').getByRole('button', { name: 'Back', exact: true }).click()
      expect(existsSync(lost)).toBe(true)
    })
  })
}

test('without JavaScript the findings and what each repair would do can be read', async ({ browser }) => {
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage()
  await open(page, vmCheckPath('lab', VM))
  await expect(page.getByText(new RegExp(`^1 thing to look at on ${VM}, .* can be reclaimed$`))).toBeVisible()
  await page.getByText('What “Remove file” does').click()
  await expect(page.getByText(`The file ${lost} is removed`)).toBeVisible()
  await page.context().close()
})

test('from a VM’s page: a forgotten overlay is removed after its name is typed, and the page then says that all is well', async ({
  page,
}) => {
  await openVm(page, VM)
  await page.getByRole('link', { name: 'Check & repair', exact: true }).click()
  await item(page, `overlay of snapshot before the upgrade of vda of ${VM}, by its name`)
    .getByRole('button', { name: 'Remove file', exact: true })
    .click()
  const dialog = page.getByRole('dialog')
  const confirm = dialog.getByRole('button', { name: 'Remove file', exact: true })
  await dialog.getByRole('textbox').fill(`${VM}-vda`)
  await expect(confirm).toBeDisabled()
  await dialog.getByRole('textbox').fill(`${VM}-vda.before the upgrade`)
  await confirm.click()
  await expect(dialog.getByRole('status').filter({ hasText: `Removed: ${lost}.` })).toBeVisible()
  expect(existsSync(lost)).toBe(false)
  await dialog.getByRole('button', { name: 'Close', exact: true }).click()
  await expect(page.getByText(`Nothing to repair on ${VM}`)).toBeVisible()
})

test('a file that changed since it was shown is left alone; a header is mended with its data as it was', async ({
  page,
}) => {
  await open(page, '/')
  await page.getByRole('link', { name: 'Check & repair of lab', exact: true }).click()
  await item(page, `stray-${process.env.TEST_WORKER_INDEX}.qcow2`)
    .getByRole('button', { name: 'Remove file', exact: true })
    .click()
  await run('qemu-io', ['-c', 'write -P 85 1M 1M', stray])
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').fill(`stray-${process.env.TEST_WORKER_INDEX}.qcow2`)
  await dialog.getByRole('button', { name: 'Remove file', exact: true }).click()
  await expect(dialog.getByRole('alert')).toContainText(/nothing to repair there|has changed/)
  expect(await patternAt(stray, 'qcow2', 1)).toBe(85)
  await dialog.getByRole('button', { name: 'Back', exact: true }).click()

  // The overlay becomes a disk, with the format of its backing file forgotten: its extension gets a number that nobody knows.
  const handle = await openFile(stray, 'r+')
  await handle.write(
    Buffer.from('12345678', 'hex'),
    0,
    4,
    readFileSync(stray).indexOf(Buffer.from('e2792aca', 'hex')),
  )
  await handle.close()
  await lab.defineGuest({ name: `${VM}-f`, system: 'none', disks: [{ format: 'qcow2', path: stray }] })
  await open(page, vmCheckPath('lab', `${VM}-f`))
  await page.getByRole('button', { name: 'Record qcow2', exact: true }).click()
  await dialog.getByRole('textbox').fill(`stray-${process.env.TEST_WORKER_INDEX}.qcow2`)
  await dialog.getByRole('button', { name: 'Record qcow2', exact: true }).click()
  await expect(
    dialog.getByRole('status').filter({ hasText: 'records its backing file as qcow2 now' }),
  ).toBeVisible()
  expect(JSON.parse(await run('qemu-img', ['info', '--output=json', stray]))).toMatchObject({
    'backing-filename-format': 'qcow2',
  })
  expect([await patternAt(stray, 'qcow2', 0), await patternAt(stray, 'qcow2', 1)]).toEqual([0x44, 85])
  await lab.virsh('undefine', `${VM}-f`)
})
