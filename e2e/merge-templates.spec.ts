import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { layers, openVm } from './browser-acts.ts'
import { expectAccessible, expectNoSideways } from './page-checks.ts'
import { shoot } from './shoot.ts'
import { testLab } from './under-test.ts'
import { run } from '../lib/testing/lab/run-command.ts'
import { waitUntil } from '../lib/testing/lab/wait-until.ts'

const lab = testLab()
const PULL = /^Pull up/
const PHONE = { width: 390, height: 844 }
/** A test that fails is followed by a new worker: it makes files and guests of its own. */
const own = (name: string) => `${name}-${process.env.TEST_WORKER_INDEX}`
const path = (file: string) => join(lab.imagesDir, file)

async function image(file: string, below: string | null): Promise<string> {
  const backing = below === null ? [] : ['-b', path(below), '-F', 'qcow2']
  await run('qemu-img', [
    ...['create', '-q', '-f', 'qcow2', ...backing, path(file)],
    ...(below === null ? ['16M'] : []),
  ])
  lab.user.own(path(file))
  return file
}

/** A VM made on a template that it never wrote to. */
async function defineOn(template: string, name: string): Promise<void> {
  const file = await image(`${name}.qcow2`, template)
  await lab.defineGuest({ name, system: 'none', disks: [{ format: 'qcow2', path: path(file) }] })
}

async function openMerge(page: Page, name: string) {
  await lab.startGuest(name)
  await openVm(page, name)
  await page.getByRole('button', { name: 'Merge', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('radio', { checked: true })).toBeVisible()
  return dialog
}

test('a template stays at a pull, with the reason; ticked it goes, and the plan says so before', async ({
  page,
}) => {
  const [golden, name] = [`${own('golden')}.qcow2`, own('pulled')]
  await image(golden, null)
  await defineOn(golden, name)
  const dialog = await openMerge(page, name)
  await dialog.getByRole('radio', { name: PULL }).check()
  const cost = dialog.locator('label').filter({ has: page.getByRole('radio', { name: PULL }) })
  await expect(cost).toContainText(
    `The data of ${golden} is written into ${name}.qcow2, which then stands alone.`,
  )
  await expect(cost).toContainText(`Stays${golden}: it is a template`)
  await expect(cost).not.toContainText('Removes')
  const remove = dialog.getByRole('checkbox', { name: new RegExp(`Also remove ${golden}`) })
  await expect(remove).not.toBeChecked()
  await dialog.getByRole('region', { name: 'Plan' }).getByText('Plan', { exact: true }).click()
  const steps = dialog.getByRole('region', { name: 'Plan' }).getByRole('list').first()
  await expect(steps).not.toContainText(golden)
  await expectAccessible(page)
  await shoot(page, 'merge-stays')
  await remove.check()
  await expect(cost).toContainText(`Removes${golden}`)
  await expect(cost).not.toContainText('Stays')
  await expect(steps).toContainText(golden)
  await shoot(page, 'merge-also-remove')
  await page.setViewportSize(PHONE)
  await expectNoSideways(page)
  await dialog.getByRole('button', { name: 'Merge', exact: true }).click()
  await expect(dialog.getByRole('button', { name: 'Close', exact: true })).toBeVisible()
  await expect(dialog.getByText(/vda is merged: its chain has one layer now/)).toBeVisible({
    timeout: 60_000,
  })
  expect(existsSync(path(golden))).toBe(false)
})

test('a commit into a template is done only when its name is typed', async ({ page }) => {
  const [golden, name] = [`${own('typed')}.qcow2`, own('committed')]
  await image(golden, null)
  await defineOn(golden, name)
  const dialog = await openMerge(page, name)
  await dialog.getByRole('radio', { name: /^Commit down/ }).check()
  await expect(dialog.getByText(`The data of ${name}.qcow2 is written into ${golden}.`)).toBeVisible()
  const merge = dialog.getByRole('button', { name: 'Merge', exact: true })
  const field = dialog.getByLabel(`Type ${golden} to change this template`)
  await expect(merge).toBeDisabled()
  await field.fill(golden.slice(0, -1))
  await expect(merge).toBeDisabled()
  await expectAccessible(page)
  await shoot(page, 'merge-typed')
  await field.fill(golden)
  await merge.click()
  await expect(dialog.getByText(/vda is merged: its chain has one layer now/)).toBeVisible({
    timeout: 60_000,
  })
  expect(await lab.virsh('domblklist', name)).toContain(golden)
})

test('a template that another VM stands on stays whatever is asked, and no box offers to remove it', async ({
  page,
}) => {
  const [golden, name, other] = [`${own('shared')}.qcow2`, own('first'), own('second')]
  await image(golden, null)
  for (const each of [name, other]) await defineOn(golden, each)
  const dialog = await openMerge(page, name)
  await expect(
    dialog.locator('label').filter({ has: page.getByRole('radio', { name: PULL }) }),
  ).toContainText(`Stays${golden}: vda of the VM ${other} needs it`)
  await expect(dialog.getByRole('checkbox', { name: /Also remove/ })).toHaveCount(0)
  await expect(dialog.getByRole('radio', { name: /^Commit down/ })).toBeDisabled()
  await shoot(page, 'merge-shared')
})

test('a layer says which snapshots are inside it, and on a phone its name is whole', async ({ page }) => {
  const name = own('inside')
  const base = await image(`${name}-vda.img-of-the-first-day.qcow2`, null)
  const top = await image(`${name}-vda.before-the-upgrade-to-thirteen.second-try`, base)
  for (const snapshot of ['first', 'second']) await run('qemu-img', ['snapshot', '-c', snapshot, path(base)])
  await run('qemu-img', ['snapshot', '-c', 'only', path(top)])
  for (const file of [base, top]) lab.user.own(path(file))
  await lab.defineGuest({ name, system: 'none', disks: [{ format: 'qcow2', path: path(top) }] })
  await openVm(page, name)
  await expect(layers(page, 'vda').first()).toContainText('holds the internal snapshots first, second')
  await expect(layers(page, 'vda').last()).toContainText('holds the internal snapshot only')
  await page.getByText('qemu-img info --backing-chain').click()
  await expect(page.getByText(/Snapshot list:/)).toContainText('second')
  await shoot(page, 'chain-inside')
  await page.setViewportSize(PHONE)
  await expectNoSideways(page)
  // Every line of the name lies within its layer's row: nothing of it is cut off.
  const file = page.getByText(top, { exact: true })
  const { cut, right } = await file.evaluate((element) => ({
    cut: element.scrollWidth > element.clientWidth || getComputedStyle(element).textOverflow === 'ellipsis',
    right: element.getBoundingClientRect().right,
  }))
  expect(cut).toBe(false)
  expect(right).toBeLessThanOrEqual(PHONE.width)
})

test('a VM that fell asleep is woken up; no snapshot is offered until then', async ({ page }) => {
  const name = own('sleeper')
  await lab.defineGuest({ name, system: 'sleeper', agent: 'dead' })
  await lab.startGuest(name)
  await waitUntil(
    async () => {
      await lab.virsh('send-key', '--domain', name, 'KEY_ENTER').catch(() => undefined)
      return (await lab.virsh('domstate', name)).trim() === 'pmsuspended'
    },
    { limitMs: 30_000, what: `The sleep of ${name}` },
  )
  await openVm(page, name)
  await expect(page.getByRole('button', { name: 'Wake up', exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Take snapshot', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('The VM is asleep by its own power management, so')).toBeVisible()
  await expect(dialog.getByText(/Wake it up first, or force it off/)).toBeVisible()
  await expect(dialog.getByRole('region', { name: 'Plan' })).toContainText('1 in the way')
  await expect(dialog.getByRole('button', { name: 'Take snapshot', exact: true })).toBeDisabled()
  await shoot(page, 'take-refused')
  await dialog.getByRole('button', { name: 'Back', exact: true }).click()
  await shoot(page, 'asleep')
  await page.getByRole('button', { name: 'Wake up', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Shut down', exact: true })).toBeVisible({ timeout: 20_000 })
  expect((await lab.virsh('domstate', name)).trim()).toBe('running')
  await lab.virsh('destroy', name)
})
