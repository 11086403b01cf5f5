import { expect, test } from '@playwright/test'
import { deleteSnapshot, layers, open, openVm, revertTo, snapshotItem, takeSnapshot } from './browser-acts.ts'
import { expectNoSideways } from './page-checks.ts'
import { testLab } from './under-test.ts'

// What libvirt lets a VM be called, in one name of 200 characters.
const VM = `Ünïcode "quoted" 'single' <script>alert(1)<script> & 100% ${'x'.repeat(200)}`.slice(0, 200)
const SNAPSHOTS = [
  '-begins with a dash',
  '"quotes" and \'single\' <&>',
  'Größe ändern',
  '升级之前',
  ' spaces  inside ',
]

const lab = testLab()
const PHONE = { width: 390, height: 844 }

test.beforeAll(async () => {
  await lab.defineGuest({
    name: VM,
    system: 'none',
    disks: [{ format: 'qcow2' }, { format: 'raw', virtualBytes: 8 * 1024 * 1024 }],
  })
  await lab.startGuest(VM, { paused: true })
})
test.afterAll(async () => {
  await lab.virsh('destroy', '--domain', VM)
  await lab.virsh('undefine', '--snapshots-metadata', '--domain', VM)
})

const snapshotsByVirsh = async () =>
  (await lab.virsh('snapshot-list', '--name', '--domain', VM)).split('\n').filter((line) => line !== '')

test('a VM of any name is listed, and its link opens its page', async ({ page }) => {
  await open(page, '/')
  page.on('dialog', (dialog) => {
    throw new Error(`a script in a VM’s name ran: ${dialog.message()}`)
  })
  await page.getByRole('link', { name: VM, exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: VM, exact: true })).toBeVisible()
  await expect(page).toHaveTitle(`${VM} · Keyframe`)
  await page.setViewportSize(PHONE)
  await expectNoSideways(page)
  await open(page, '/')
  await expectNoSideways(page)
})

for (const name of SNAPSHOTS) {
  test(`a snapshot called “${name}” is taken, opened, reverted to and deleted`, async ({ page }) => {
    await openVm(page, VM)
    // A browser shows a run of spaces as one.
    expect(await takeSnapshot(page, name)).toContain(`Snapshot ${name.trim().replaceAll(/ +/g, ' ')} taken`)
    await expect(layers(page, 'vda')).toHaveCount(2)
    expect(await snapshotsByVirsh()).toEqual([name])

    await snapshotItem(page, name).getByRole('link', { name, exact: true }).click()
    await expect(page.getByRole('heading', { level: 1, name, exact: true })).toBeVisible()
    await page.goBack()

    await revertTo(page, name)
    await expect(layers(page, 'vda')).toHaveCount(2)
    expect((await lab.virsh('snapshot-current', '--name', '--domain', VM)).replace(/\n+$/, '')).toBe(name)

    await deleteSnapshot(page, name)
    await expect(snapshotItem(page, name)).toHaveCount(0)
    await expect(layers(page, 'vda')).toHaveCount(1)
    expect(await snapshotsByVirsh()).toEqual([])
    const xml = await lab.virsh('dumpxml', '--domain', VM)
    for (const { path } of lab.guests[VM]!.disks) expect(xml, xml).toContain(`<source file='${path}'`)
  })
}

test('a name that can’t be is told as it is typed, and nothing is taken', async ({ page }) => {
  await openVm(page, VM)
  await page.getByRole('button', { name: 'Take snapshot', exact: true }).click()
  const dialog = page.getByRole('dialog')
  for (const [name, sentence] of [
    ['', /Give the snapshot a name/],
    ['a/b', /must not contain “\/”/],
    ['.hidden', /must not begin with a dot/],
    ['x'.repeat(201), /too long: 201 bytes/],
    ['ü'.repeat(101), /too long: 202 bytes/],
  ] as const) {
    await dialog.getByLabel('Name', { exact: true }).fill(name)
    await expect(dialog.getByText(sentence)).toBeVisible()
    await expect(dialog.getByRole('button', { name: 'Take snapshot', exact: true })).toBeDisabled()
  }
  expect(await snapshotsByVirsh()).toEqual([])
})

test('a name that is taken is told as it is typed', async ({ page }) => {
  await openVm(page, VM)
  await takeSnapshot(page, 'taken', 'off')
  await page.getByRole('button', { name: 'Take snapshot', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('taken')
  await expect(dialog.getByText(/this VM has a snapshot called “taken”/)).toBeVisible()
  await page.keyboard.press('Escape')
  await deleteSnapshot(page, 'taken')
  expect(await snapshotsByVirsh()).toEqual([])
})
