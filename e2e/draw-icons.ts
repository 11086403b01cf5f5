import { chromium } from '@playwright/test'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoDir } from '../lib/testing/lab/paths.ts'

// The icons of the installed app, from app/icon.svg: `node lib/launcher/launch.mjs e2e/draw-icons.ts`.

const SVG = readFileSync(join(repoDir, 'app/icon.svg'), 'utf8')
/** A maskable icon is cut to the launcher's shape: what matters lies within 80 % of it. */
const MASKABLE_PART = 0.62

const ICONS = [
  { file: 'public/icons/192.png', px: 192, part: 1, background: 'transparent' },
  { file: 'public/icons/512.png', px: 512, part: 1, background: 'transparent' },
  { file: 'public/icons/maskable-512.png', px: 512, part: MASKABLE_PART, background: '#eceef2' },
  // iOS fills what is transparent with black.
  { file: 'app/apple-icon.png', px: 180, part: 0.8, background: '#f5f6f8' },
]

mkdirSync(join(repoDir, 'public/icons'), { recursive: true })
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
try {
  for (const { file, px, part, background } of ICONS) {
    const page = await browser.newPage({ viewport: { width: px, height: px } })
    await page.setContent(
      `<style>html,body{margin:0;background:${background}}body{display:grid;place-items:center;height:100vh}svg{width:${part * 100}%}</style>${SVG}`,
    )
    await page.screenshot({ path: join(repoDir, file), omitBackground: true })
    await page.close()
  }
} finally {
  await browser.close()
}
