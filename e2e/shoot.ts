import type { Page } from '@playwright/test'

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]

/** Pictures of what a page shows now, at both widths and in both schemes, for whoever wants to look: KEYFRAME_SHOTS names their folder. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env.KEYFRAME_SHOTS
  if (!folder) return
  const before = page.viewportSize()!
  for (const size of SIZES)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(size)
      await page.emulateMedia({ colorScheme })
      await page.screenshot({
        path: `${folder}/${name}-${size.width}-${colorScheme}.png`,
        animations: 'disabled',
      })
    }
  await page.emulateMedia({ colorScheme: null })
  await page.setViewportSize(before)
}
