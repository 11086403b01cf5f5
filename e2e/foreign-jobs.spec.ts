import { expect, test } from '@playwright/test'
import { layers, open, openVm } from './browser-acts.ts'
import { testLab } from './under-test.ts'

// What live.spec.ts leaves: pages that are not of the VM whose job virsh began.
const lab = testLab()
const NAME = 'elsewhere'
const MIB = 1024 * 1024
const OPEN_PAGE_MS = 2_000
const EVERYWHERE_MS = 30_000
const DATA_MIB = 12
const SLOW_BYTES_PER_SECOND = 256 * 1024

const beginCommit = () => lab.virsh('blockcommit', NAME, 'vda', '--active', '--bytes', '--bandwidth', String(SLOW_BYTES_PER_SECOND))

test.beforeEach(async () => {
  await lab.defineGuest({ name: NAME, system: 'none', disks: [{ format: 'qcow2', virtualBytes: 32 * MIB }] })
  await lab.startGuest(NAME)
  await lab.virsh('snapshot-create-as', NAME, 's1', '--disk-only', '--no-metadata')
  await lab.virsh('qemu-monitor-command', NAME, '--hmp', '--cmd', `qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "write -P 90 0 ${DATA_MIB}M"`)
})
test.afterEach(async () => {
  await lab.virsh('destroy', NAME)
  await lab.virsh('undefine', NAME)
})

test('a pivot by virsh shortens the chain on an open page within 2 s', async ({ page }) => {
  await openVm(page, NAME)
  await expect(layers(page, 'vda')).toHaveCount(2)
  await lab.virsh('blockcommit', NAME, 'vda', '--active', '--wait', '--pivot')
  await expect(layers(page, 'vda')).toHaveCount(1, { timeout: OPEN_PAGE_MS })
})

test('everywhere else a job begun with virsh shows within 30 s', async ({ page }) => {
  await open(page, '/')
  await expect(page.getByRole('link', { name: NAME, exact: true })).toBeVisible()
  await beginCommit()
  await expect(page.getByRole('row').filter({ has: page.getByRole('link', { name: NAME, exact: true }) }).getByRole('progressbar')).toBeVisible({ timeout: EVERYWHERE_MS })
})
