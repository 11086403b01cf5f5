import { chromium } from '@playwright/test'
import { mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { withApp } from './bench/bench-app.ts'
import { WEB } from '../lib/testing/lab/guest.ts'
import { repoDir } from '../lib/testing/lab/paths.ts'
import { provision } from '../lib/testing/lab/provision.ts'
import { defineSavedGuest } from '../lib/testing/lab/saved-guest.ts'
import { startTestLab } from '../lib/testing/lab/test-lab.ts'

// The picture of README.md: `node lib/launcher/launch.mjs e2e/screenshot.ts`.

const FILE = join(repoDir, '.github/vm-page.png')
const WIDTH = 1440
const HEIGHT = 660
const MAXIMUM_BYTES = 300_000
/** The guest writes between two snapshots, so that each layer holds something. */
const WRITE_MS = 6_000
const say = (line: string) => console.error(`keyframe: ${line}`)

await provision({ forTests: true, say })
const lab = await startTestLab('screenshot')
try {
  await defineSavedGuest(lab, WEB)
  await lab.startGuest(WEB.name)
  for (const name of ['before-upgrade', 'after-upgrade']) {
    await sleep(WRITE_MS)
    await lab.virsh('snapshot-create-as', WEB.name, name, '--disk-only', '--atomic', '--quiesce')
  }
  await sleep(WRITE_MS)
  await withApp(`lab=${lab.uri}`, say, async ({ url, cookie }) => {
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
    try {
      const context = await browser.newContext({
        viewport: { width: WIDTH, height: HEIGHT },
        colorScheme: 'light',
        locale: 'en-GB',
      })
      const [name, ...value] = cookie.split('=')
      await context.addCookies([{ name: name!, value: value.join('='), url }])
      const page = await context.newPage()
      await page.goto(`${url}/hosts/lab/vms/${WEB.name}`)
      await page.getByRole('list', { name: 'Backing chain of vda' }).getByRole('listitem').nth(2).waitFor()
      // Sizes of files are read in the background.
      await page.reload()
      await page.getByRole('list', { name: 'Backing chain of vdb' }).getByRole('listitem').nth(2).waitFor()
      mkdirSync(dirname(FILE), { recursive: true })
      await page.screenshot({ path: FILE, animations: 'disabled' })
    } finally {
      await browser.close()
    }
  })
  const { size } = statSync(FILE)
  if (size > MAXIMUM_BYTES)
    throw new Error(`${FILE} has ${size} bytes, at most ${MAXIMUM_BYTES} belong in the repository.`)
  say(`wrote ${FILE}, ${Math.round(size / 1000)} kB`)
} finally {
  await lab.stop({ remove: true })
}
