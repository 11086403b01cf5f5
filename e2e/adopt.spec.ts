import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { backupsPath, vmBackupsPath } from '../components/paths.ts'
import { addTarget, backupsOn, confirm, planBackup, press } from './backup-page-acts.ts'
import { open } from './browser-acts.ts'
import { forgeBackup } from '../lib/testing/forge-backup.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { testLab } from './under-test.ts'

// Who can write to a target can put a backup there whose configuration asks for anything. Nothing is done with it until an admin decides.

const N = process.env.TEST_WORKER_INDEX
const VM = `adopted-${N}`
const TARGET = `shared-${N}`
const lab = testLab()
const folder = join(lab.dir, `shared-${N}`)

test.describe.configure({ mode: 'serial' })
test.beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  lab.user.own(folder)
  await lab.defineGuest({ name: VM, system: 'none', disks: [{ format: 'qcow2', virtualBytes: 1024 * 1024 }] })
})
test.afterAll(async () => {
  for (const name of [VM, `${VM}-restored`]) await lab.virsh('undefine', name).catch(() => '')
  rmSync(folder, { recursive: true, force: true })
})

for (const look of [
  { name: 'at 1440 px', viewport: { width: 1440, height: 900 }, id: 'wide' },
  { name: 'at 390 px', viewport: { width: 390, height: 844 }, id: 'phone' },
]) {
  test(`a foreign backup is named, adopted with what it asks confirmed, and restored without that, ${look.name}`, async ({
    page,
  }) => {
    await page.setViewportSize(look.viewport)
    if (look.id === 'wide') await addTarget(page, TARGET, folder)
    await open(page, vmBackupsPath('lab', VM))
    await confirm(await planBackup(page, TARGET), 'Back up now')
    const newest = readdirSync(folder)
      .filter((name) => name.startsWith(VM))
      .sort()
      .at(-1)!
    forgeBackup(lab, folder, newest, `foreign-${look.id}`, {
      xml: (xml) =>
        xml.replace(
          '</devices>',
          "<filesystem type='mount'><source dir='/etc'/><target dir='etc'/></filesystem></devices>",
        ),
    })

    await open(page, backupsPath())
    const row = page.getByRole('list', { name: 'Targets' }).getByRole('listitem').filter({ hasText: TARGET })
    const dialog = page.getByRole('dialog')
    await row.getByRole('button', { name: 'Rescan' }).click()
    await press(dialog, 'Rescan')
    await expect(dialog).toContainText('1 backup was made by another Keyframe')
    await press(dialog, 'Close')
    await expect(row).toContainText(
      '1 backup there was made by another Keyframe. It does not count until an admin adopts it.',
    )
    await open(page, vmBackupsPath('lab', VM))
    await expect(
      page.getByText(`1 more backup of this VM on ${TARGET} was made by another Keyframe.`),
    ).toBeVisible()
    const before = await backupsOn(page, TARGET).count()

    await open(page, backupsPath())
    await row.getByRole('button', { name: 'Adopt' }).click()
    const share = dialog.getByRole('checkbox', { name: 'A shared folder (/etc): left out.' })
    await expect(share).toBeVisible()
    await expect(dialog.getByRole('button', { name: 'Adopt', exact: true })).toBeDisabled()
    await expectAccessible(page)
    await expectNoSideways(page)
    for (const box of await dialog
      .getByRole('group', { name: 'What they ask of the host' })
      .getByRole('checkbox')
      .all())
      await box.check()
    await press(dialog, 'Adopt')
    await expect(dialog).toBeHidden()
    await expect(row).not.toContainText('another Keyframe')

    await open(page, vmBackupsPath('lab', VM))
    await expect(backupsOn(page, TARGET)).toHaveCount(before + 1)
    await backupsOn(page, TARGET)
      .filter({ hasText: `foreign-${look.id}` })
      .getByRole('button', { name: 'Restore as new VM' })
      .click()
    await expect(dialog.getByRole('list', { name: 'What its configuration asks of the host' })).toContainText(
      'A shared folder (/etc): left out.',
    )
    await expectAccessible(page)
    await dialog.getByLabel('Name of the new VM').fill(`${VM}-restored`)
    await confirm(dialog, 'Restore as new VM')
    expect(await lab.virsh('dumpxml', `${VM}-restored`)).not.toContain('<filesystem')
    await lab.virsh('undefine', `${VM}-restored`)
    rmSync(join(lab.imagesDir, `${VM}-restored-vda.qcow2`))
  })
}
