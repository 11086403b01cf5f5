import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

/** Nothing makes the page wider than its window. */
export async function expectNoSideways(page: Page): Promise<void> {
  const { wide, windowWide } = await page.evaluate(() => ({
    wide: document.scrollingElement!.scrollWidth,
    windowWide: document.scrollingElement!.clientWidth,
  }))
  expect(wide, `${page.url()} is ${wide} px wide in a window of ${windowWide}`).toBeLessThanOrEqual(
    windowWide,
  )
}

/** What axe calls serious or critical, with the elements that it means. */
export async function expectAccessible(page: Page): Promise<void> {
  // Without frames one run in the page is all; the default opens a blank page for each and takes twice as long.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  expect(
    serious.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map((node) => node.html.slice(0, 200)) })),
  ).toEqual([])
}
