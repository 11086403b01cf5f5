import { expect, test } from '@playwright/test'
import { layers, open, openVm } from './browser-acts.ts'
import { guestWithOverlay } from './guest-with-overlay.ts'

// What live.spec.ts leaves: a job's pivot by virsh, and pages that are not of the job's VM.
const EVERYWHERE_MS = 30_000
const SLOW_BYTES_PER_SECOND = 256 * 1024

test('a pivot by virsh shortens the chain on an open page', async ({ page }) => {
  const lab = await guestWithOverlay('pivoted')
  await openVm(page, 'pivoted')
  await expect(layers(page, 'vda')).toHaveCount(2)
  await lab.virsh('blockcommit', 'pivoted', 'vda', '--active', '--wait', '--pivot')
  await expect(layers(page, 'vda')).toHaveCount(1)
  await lab.virsh('destroy', 'pivoted')
})

test('everywhere else a job begun with virsh shows within 30 s', async ({ page }) => {
  const lab = await guestWithOverlay('elsewhere')
  await open(page, '/')
  const row = page
    .getByRole('row')
    .filter({ has: page.getByRole('link', { name: 'elsewhere', exact: true }) })
  await expect(row).toBeVisible()
  await lab.virsh(
    'blockcommit',
    'elsewhere',
    'vda',
    '--active',
    '--bytes',
    '--bandwidth',
    String(SLOW_BYTES_PER_SECOND),
  )
  await expect(row.getByRole('progressbar')).toBeVisible({ timeout: EVERYWHERE_MS })
  await lab.virsh('destroy', 'elsewhere')
})
