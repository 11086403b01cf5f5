import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { openVm } from './browser-acts.ts'
import { guestWithOverlay } from './guest-with-overlay.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { shoot } from './shoot.ts'
import { testLab } from './under-test.ts'
import { run } from '../lib/testing/lab/run-command.ts'

const lab = testLab()
const PHONE = { width: 390, height: 844 }
/** A test that fails is followed by a new worker: it makes guests of its own. */
const own = (name: string) => `${name}-${process.env.TEST_WORKER_INDEX}`
const path = (file: string) => join(lab.imagesDir, file)

/** A running VM whose configuration still names the layer below its snapshot's overlay. */
async function withAnOldDefinition(name: string): Promise<void> {
  await guestWithOverlay(name)
  const file = join(lab.dir, `${name}.xml`)
  const xml = await lab.virsh('dumpxml', '--inactive', name)
  writeFileSync(file, xml.replace(`${name}-vda.s1`, `${name}-vda.qcow2`))
  await lab.virsh('define', file)
}

test('what a shutdown would cost is asked in a dialog, once, with a way back', async ({ page }) => {
  const name = own('stale')
  await withAnOldDefinition(name)
  await openVm(page, name)
  await page.getByRole('button', { name: 'Shut down', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText(/^Its next start uses/)).toHaveCount(1)
  await expect(dialog.getByRole('button', { name: 'Shut down all the same', exact: true })).toBeVisible()
  await expectAccessible(page)
  await shoot(page, 'shut-down-confirm')
  await dialog.getByRole('button', { name: 'Close', exact: true }).click()
  await expect(dialog).toBeHidden()
  expect((await lab.virsh('domstate', name)).trim()).toBe('running')
  await page.reload()
  await expect(page.getByText('Nothing was done here with Keyframe yet.')).toBeVisible()
  await shoot(page, 'shut-down-closed')
  await page.setViewportSize(PHONE)
  await expectNoSideways(page)
})

test('Force off says at once what the page knows of the next start, and is one press', async ({ page }) => {
  const name = own('stopped')
  await withAnOldDefinition(name)
  await lab.virsh('suspend', name)
  await openVm(page, name)
  await page.getByRole('button', { name: 'Force off', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText(/^Its next start uses/)).toHaveCount(1)
  await shoot(page, 'force-off-warned')
  await dialog.getByRole('button', { name: 'Force off all the same', exact: true }).click()
  await expect(dialog.getByText(`${name} is off.`)).toBeVisible({ timeout: 20_000 })
  expect((await lab.virsh('domstate', name)).trim()).toBe('shut off')
})

test('a start on a disk that another VM has open is refused with that VM’s name', async ({ page }) => {
  const [name, other] = [own('clone'), own('holder')]
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', path(`${other}.qcow2`), '16M'])
  lab.user.own(path(`${other}.qcow2`))
  for (const each of [name, other])
    await lab.defineGuest({
      name: each,
      system: 'none',
      disks: [{ format: 'qcow2', path: path(`${other}.qcow2`) }],
    })
  await lab.startGuest(other)
  await openVm(page, name)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('alert')).toContainText(
    `${name} can’t be started: ${other} runs and uses ${other}.qcow2 (vda). Stop ${other} first`,
  )
  await expect(dialog.getByRole('button', { name: /all the same/ })).toHaveCount(0)
  await shoot(page, 'start-refused')
  await dialog.getByRole('button', { name: 'Close', exact: true }).click()
  await lab.virsh('destroy', other)
})

test('a start that fails says why in a sentence; libvirt’s own words are a click away, to be copied', async ({
  page,
}) => {
  const name = own('lost')
  await lab.defineGuest({ name, system: 'none' })
  const file = lab.guests[name]!.disks[0]!.path
  renameSync(file, `${file}.away`)
  await openVm(page, name)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  const alert = page.getByRole('region', { name: 'Jobs', exact: true }).getByRole('alert')
  await expect(
    alert.getByText(`${name} can’t be started: there is no file ${file} (vda) on the host.`),
  ).toBeVisible({
    timeout: 20_000,
  })
  const words = alert.getByText(/Cannot access storage file/)
  await expect(words).toBeHidden()
  await shoot(page, 'libvirt-words-closed')
  await alert.getByText('libvirt’s own words').click()
  await expect(words).toBeVisible()
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await alert.getByRole('button', { name: 'Copy libvirt’s words' }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^Cannot access storage file/)
  await expectAccessible(page)
  await shoot(page, 'libvirt-words-open')
  await page.setViewportSize(PHONE)
  await expectNoSideways(page)
})
