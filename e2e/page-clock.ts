import type { Page } from '@playwright/test'

/** When the page next shows a job, by its own clock, epoch ms: looks from outside take turns of half a second. */
export const shownAt = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const observer = new MutationObserver(() => {
          if (!document.querySelector('[role=progressbar]')) return
          observer.disconnect()
          resolve(Date.now())
        })
        observer.observe(document.body, { childList: true, subtree: true })
      }),
  )

/** When the page is next clicked, by its own clock, epoch ms. */
export const clickedAt = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        addEventListener('click', () => resolve(Date.now()), { capture: true, once: true })
      }),
  )
