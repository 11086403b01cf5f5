import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { backupsPath, listPath, vmBackupsPath, vmPath } from '../components/paths.ts'
import { layers, open } from './browser-acts.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { testLab } from './under-test.ts'

/** A test that fails is followed by a new worker: it makes guests and a target of its own. */
const N = process.env.TEST_WORKER_INDEX
const VMS = [`many-a-${N}`, `many-b-${N}`, `many-c-${N}`] as const
const TARGET = `many-${N}`
const lab = testLab()
const folder = join(lab.dir, TARGET)
const LOOKS = [
  { name: 'at 390 px, dark', options: { viewport: { width: 390, height: 844 }, colorScheme: 'dark' } },
  { name: 'at 1440 px, light', options: { viewport: { width: 1440, height: 900 }, colorScheme: 'light' } },
] as const

test.describe.configure({ mode: 'serial' })
test.beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  lab.user.own(folder)
  for (const name of VMS) {
    await lab.defineGuest({ name, system: 'none' })
    await lab.startGuest(name, { paused: true })
  }
})
test.afterAll(async () => {
  for (const name of VMS) await lab.virsh('destroy', name).catch(() => '')
  for (const name of VMS)
    await lab.virsh('undefine', name, '--checkpoints-metadata', '--snapshots-metadata').catch(() => '')
  rmSync(folder, { recursive: true, force: true })
})

/** Finds this worker's VMs, chooses all of them and opens an act's dialog. */
async function choose(page: Page, act: string): Promise<Locator> {
  await open(page, listPath({ q: `-${N}`, sort: 'name' }))
  for (const name of VMS) await page.getByRole('checkbox', { name: `Choose ${name}`, exact: true }).check()
  const bar = page.getByRole('region', { name: 'Chosen VMs' })
  await expect(bar.getByRole('status')).toHaveText('3 chosen')
  await bar.getByRole('button', { name: act, exact: true }).click()
  return page.getByRole('dialog')
}

const outcomeOf = (dialog: Locator, vm: string): Locator =>
  dialog.getByRole('list', { name: 'Outcome' }).getByRole('listitem').filter({ hasText: vm })

for (const { name: look, options } of LOOKS) {
  test.describe(look, () => {
    test.use(options)

    test('snapshots of three VMs, one of which can’t: a line of outcome for each, and two new layers', async ({
      page,
    }) => {
      const snapshot = `many-${options.viewport.width}`
      await lab.virsh('snapshot-create-as', VMS[1], snapshot, '--disk-only')
      const depths = await Promise.all(VMS.map((name) => depthOf(name)))
      const dialog = await choose(page, 'Take snapshots')
      await dialog.getByLabel('Name of each').fill(snapshot)
      await dialog.getByLabel('Quiesce', { exact: true }).selectOption('off')
      await expect(dialog.getByRole('button', { name: 'Take snapshots', exact: true })).toBeEnabled()
      await expectAccessible(page)
      await expectNoSideways(page)
      await dialog.getByRole('button', { name: 'Take snapshots', exact: true }).click()
      await expect(dialog.getByRole('status')).toHaveText('2 of 3 taken on; what was not says why.', {
        timeout: 30_000,
      })
      await expect(outcomeOf(dialog, VMS[1])).toContainText('The name is in use')
      for (const name of [VMS[0], VMS[2]])
        await expect(outcomeOf(dialog, name).getByRole('img', { name: 'done', exact: true })).toBeVisible({
          timeout: 30_000,
        })
      await expectAccessible(page)
      await expectNoSideways(page)
      expect(await Promise.all(VMS.map((name) => depthOf(name)))).toEqual([
        depths[0]! + 1,
        depths[1],
        depths[2]! + 1,
      ])
      await dialog.getByRole('button', { name: 'Close', exact: true }).click()
      await open(page, vmPath('lab', VMS[0]))
      await expect(layers(page, 'vda')).toHaveCount(depths[0]! + 1)
    })
  })
}

test('three backups at once, of the method that fits each', async ({ page }) => {
  const dialog = page.getByRole('dialog')
  await open(page, backupsPath())
  await page.getByRole('button', { name: 'Add target' }).click()
  await dialog.getByLabel('Name', { exact: true }).fill(TARGET)
  await dialog.getByLabel('Directory or pool').fill(folder)
  await dialog.getByRole('button', { name: 'Add target' }).click()
  await expect(dialog).toBeHidden()

  await lab.virsh('destroy', VMS[2])
  await choose(page, 'Back up now')
  await dialog.getByLabel('Target', { exact: true }).selectOption({ label: TARGET })
  await expect(dialog.getByRole('listitem').filter({ hasText: VMS[0] })).toContainText('incremental')
  await expect(dialog.getByRole('listitem').filter({ hasText: VMS[2] })).toContainText(
    'snapshot, copy, merge. The VM is shut off',
  )
  await dialog.getByLabel('Quiesce', { exact: true }).selectOption('off')
  await dialog.getByRole('button', { name: 'Back up now', exact: true }).click()
  for (const name of VMS)
    await expect(outcomeOf(dialog, name).getByRole('img', { name: 'done', exact: true })).toBeVisible({
      timeout: 60_000,
    })
  await expect(dialog.getByRole('status')).toHaveText('3 of 3 taken on.')
  await dialog.getByRole('button', { name: 'Close', exact: true }).click()
  for (const name of VMS) {
    await open(page, vmBackupsPath('lab', name))
    await expect(
      page.getByRole('list', { name: `Backups on ${TARGET}` }).getByRole('button', { name: 'Check' }),
    ).toHaveCount(1)
  }
})

test('put on a schedule together: one of its own each; a second one is said to stand beside', async ({
  page,
}) => {
  const dialog = await choose(page, 'Schedule')
  await dialog.getByLabel('Target', { exact: true }).selectOption({ label: TARGET })
  await dialog.getByLabel('Times of day').fill('25:00')
  await expect(dialog.getByRole('region', { name: 'Preview' })).toContainText(
    'A time of day is written like 02:30.',
  )
  await expect(dialog.getByRole('button', { name: /^Save schedules/ })).toBeDisabled()
  await dialog.getByLabel('Times of day').fill('03:15')
  await expect(dialog.getByRole('list', { name: 'Next runs' }).getByRole('listitem')).toHaveCount(5)
  await dialog.getByRole('button', { name: 'Save schedules', exact: true }).click()
  await expect(dialog.getByRole('status')).toHaveText('3 of 3 taken on.')
  await dialog.getByRole('button', { name: 'Close', exact: true }).click()
  await open(page, vmBackupsPath('lab', VMS[1]))
  await expect(page.getByRole('main')).toContainText('every day at 03:15')
  await choose(page, 'Schedule')
  await expect(dialog.getByRole('listitem').filter({ hasText: VMS[1] })).toContainText(
    'Another schedule of it goes on beside this one: every day at 03:15',
  )
})

/** Layers of the first disk, as the hypervisor has them. */
const depthOf = async (name: string): Promise<number> => {
  const json = await lab.virsh('qemu-monitor-command', name, '{"execute":"query-block"}')
  let image = (JSON.parse(json) as { return: { inserted?: { image: Image } }[] }).return.find(
    (each) => each.inserted,
  )?.inserted?.image
  let depth = 0
  for (; image; image = image['backing-image']) depth++
  return depth
}
interface Image {
  'backing-image'?: Image
}
